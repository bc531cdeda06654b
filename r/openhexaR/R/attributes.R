# What a vector or a frame of R has beside its values. Attributes that are plain
# vectors, such as labels of haven, cross as text; what else there is stays behind, and
# is said.

labelled <- c("haven_labelled_spss", "haven_labelled", "vctrs_vctr")

# Attributes that are part of a class: the rules of its kind rebuild them.
structural <- c(
  c("class", "levels", "tzone", "units", "balanced", "ptype", "row.names"),
  c("crs", "bbox", "z_range", "m_range", "n_empty", "classes", "sf_column", "agr"),
  "groups",
  # Of ours, and what readr and data.table keep for themselves.
  c("openhexa", "spec", "problems", "index", ".internal.selfref")
)

# Numbers or text without the class that haven gives them.
without_labels <- function(x) {
  if (
    inherits(x, "haven_labelled") && identical(setdiff(class(x), labelled), typeof(x))
  ) {
    attributes(x) <- NULL
  }
  x
}

# The marks that carry the attributes, and the names of those that stay behind.
encode_attributes <- function(x) {
  own <- attributes(x)
  ignored <- structural
  if (inherits(x, c("data.frame", "POSIXlt"))) {
    ignored <- c(ignored, "names")
  }
  if (identical(own$precision, 0)) {
    ignored <- c(ignored, "precision") # of sfc: none
  }
  own <- own[!names(own) %in% ignored]
  carried <- names(own) %in%
    setdiff(names(own), c("names", "sorted")) &
    vapply(own, is_plain, logical(1))
  items <- lapply(own[carried], function(value) {
    c(
      list(type = typeof(value), values = I(text_of(value))),
      if (!is.null(names(value))) list(names = I(enc2utf8(names(value))))
    )
  })
  json <- if (length(items)) jsonlite::toJSON(items, auto_unbox = TRUE, na = "null")
  list(
    marks = c(attributes = if (length(items)) as.character(json)),
    left = names(own)[!carried]
  )
}

is_plain <- function(x) {
  types <- c("logical", "integer", "double", "character")
  texts <- c(if (is.character(x)) x, names(x))
  typeof(x) %in%
    types &&
    length(setdiff(names(attributes(x)), "names")) == 0 &&
    !anyNA(names(x)) &&
    all(validUTF8(enc2utf8(as.character(texts))))
}

# Every digit of a double, which as.character() would round.
text_of <- function(x) {
  text <- if (is.double(x)) sprintf("%.17g", x) else enc2utf8(as.character(x))
  text[is.na(x) & !is.nan(x)] <- NA
  text
}

decode_attributes <- function(text) {
  found <- jsonlite::fromJSON(text, simplifyVector = FALSE)
  found <- found[!names(found) %in% c(structural, "names", "dim", "dimnames", "tsp")]
  lapply(found, function(item) {
    missing <- vapply(item$values, is.null, logical(1))
    item$values[missing] <- NA_character_
    values <- as.character(unlist(item$values))
    storage.mode(values) <- item$type
    names(values) <- unlist(item$names)
    values
  })
}

# Give a vector back its attributes, and what has labels its class.
restore_attributes <- function(x, marks) {
  if (is.na(marks["attributes"])) {
    found <- list()
  } else {
    found <- decode_attributes(marks[["attributes"]])
  }
  class <- intersect(marks["r"], labelled)
  if (is.na(marks["r"]) && !is.object(x) && identical(mode(found$labels), mode(x))) {
    # From Python. haven wants labels of the type of the values.
    if (is.double(found$labels) && !is_whole(found$labels)) {
      storage.mode(x) <- "double"
    }
    storage.mode(found$labels) <- typeof(x)
    class <- "haven_labelled"
  }
  for (name in names(found)) {
    attr(x, name) <- found[[name]]
  }
  if (length(class) > 0) {
    class(x) <- c(unique(c(class, "haven_labelled")), "vctrs_vctr", typeof(x))
  }
  x
}

is_whole <- function(x) all(x == trunc(x) & abs(x) <= integer_max)

# Values that haven tags, of which only NA crosses: the fifth byte holds the tag.
count_tagged <- function(x) {
  if (!inherits(x, "haven_labelled") || !is.double(x)) {
    return(0)
  }
  values <- c(as.vector(unclass(x)), as.vector(attr(x, "labels")))
  values <- values[is.na(values) & !is.nan(values)]
  bytes <- matrix(writeBin(as.double(values), raw(), endian = "little"), nrow = 8)
  sum(bytes[5, ] != as.raw(0L))
}

# The same of a frame: its marks, and what stays behind, as the user would write it.
encode_frame_attributes <- function(frame) {
  own <- encode_attributes(frame)
  known <- c(strsplit(frame_class(frame), " ")[[1]], "spec_tbl_df")
  classes <- setdiff(class(frame), known)
  agr <- attr(frame, "agr")
  groups <- attr(frame, "groups")
  list(
    marks = c(
      own$marks,
      agr = if (inherits(frame, "sf") && !all(is.na(agr))) agr_json(agr),
      groups = if (!is.null(groups)) {
        as.character(jsonlite::toJSON(setdiff(names(groups), ".rows")))
      },
      groups_kept = if (identical(attr(groups, ".drop"), FALSE)) "true"
    ),
    left = c(
      sprintf("class %s", classes),
      sprintf("attr(frame, \"%s\")", own$left)
    )
  )
}

agr_json <- function(agr) {
  as.character(jsonlite::toJSON(lapply(agr, as.character), auto_unbox = TRUE))
}

restore_agr <- function(frame, text) {
  found <- unlist(jsonlite::fromJSON(text))
  agr <- attr(frame, "agr")
  same <- intersect(names(agr), names(found))
  agr[same] <- found[same]
  attr(frame, "agr") <- agr
  frame
}

# Of the columns that a frame was grouped by, those that are still there.
restore_groups <- function(frame, marks) {
  require_package("dplyr", phrase("cross_frames"), call = NULL)
  columns <- intersect(jsonlite::fromJSON(marks[["groups"]]), names(frame))
  if (grepl("rowwise_df", marks[["r"]])) {
    return(dplyr::rowwise(frame, dplyr::all_of(columns)))
  }
  dplyr::grouped_df(frame, columns, drop = unname(is.na(marks["groups_kept"])))
}

# What stays behind of a frame and of its columns.
left_behind <- function(frame, crossings) {
  columns <- Map(
    function(name, crossing) {
      if (identical(crossing$left, "names")) {
        return(sprintf("names(frame$%s)", name))
      }
      sprintf("attr(frame$%s, \"%s\")", name, crossing$left)
    },
    names(frame),
    crossings
  )
  c(encode_frame_attributes(frame)$left, unlist(columns, use.names = FALSE))
}
