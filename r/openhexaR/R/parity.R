#' The OpenHEXA SDK's objects, for notebooks that imported it
#'
#' Takes the place of `openhexa <- reticulate::import("openhexa.sdk")`: the same calls,
#' served by R. Take that line out, and load the package in its place.
#'
#' @format A locked environment with [workspace], [current_run] and [current_pipeline].
#' @examples
#' openhexa$workspace$files_path
#' openhexa$current_run$log_info("42 facilities read")
#' @export
openhexa <- NULL

new_sdk <- function() {
  new_object(
    "sdk",
    properties = list(
      workspace = function() workspace,
      current_run = function() current_run,
      current_pipeline = function() current_pipeline
    )
  )
}

#' @export
format.openhexa_sdk <- function(x, ...) {
  "<OpenHEXA SDK in R: workspace, current_run, current_pipeline>"
}

#' What became of each member of the OpenHEXA SDK
#'
#' @returns Data frame, one row for each public name of the Python package
#'   `openhexa.sdk` and each public member of its objects, with text columns:
#'   \describe{
#'     \item{`member`}{Its name in Python: `workspace.slug`, `DatasetFile.read`.}
#'     \item{`status`}{`mirrored`: the same name does the same; `renamed`: another name
#'       does it; `left out`.}
#'     \item{`r`}{Where it is in R; `NA` for what is left out. `dataset`, `version`,
#'       `file`, `webapp`, `connection` stand for any object of that kind.}
#'     \item{`reason`}{Why it is not mirrored, or what is to be known; else `NA`.}
#'   }
#' @source `openhexa.sdk` 2.22.7, <https://github.com/BLSQ/openhexa-sdk-python>
#' @examples
#' parity <- sdk_parity()
#' table(parity$status)
#' parity[parity$status == "left out", c("member", "reason")]
#' @export
sdk_parity <- function() {
  file <- system.file("sdk_parity.csv", package = "openhexaR", mustWork = TRUE)
  utils::read.csv(file, na.strings = "", encoding = "UTF-8")
}
