# Values that are no frames: vectors, lists of them, NULL. The wire is that of
# values.py: a table of one row, whose list columns are the vectors and whose metadata
# says how they make up the value.

value_to_wire <- function(value, call = rlang::caller_env()) {
  require_package("nanoarrow", phrase("cross_frames"), call = call)
  vectors <- list()
  left <- character()
  plant <- function(x, path) {
    if (is.null(x)) {
      return(NULL)
    }
    if (identical(class(x), "list") || is_named_vector(x)) {
      x <- as.list(x)
      paths <- item_paths(x, path, call)
      items <- Map(plant, unname(x), paths)
      return(c(
        list(items = items),
        list(names = as.list(names(x)))[!is.null(names(x))]
      ))
    }
    if (!isTRUE(column_kind(x) %in% value_kinds)) {
      abort_value(x, path, call)
    }
    vector <- encode(x, path)
    vectors[[length(vectors) + 1]] <<- vector
    left <<- c(left, attributes_left(vector, path))
    # I(x) asks for a list even of one value; a factor is never a single value.
    is_scalar <- length(x) == 1 && !inherits(x, c("AsIs", "factor"))
    list(vector = length(vectors) - 1, scalar = is_scalar)
  }
  tree <- jsonlite::toJSON(plant(value, "value"), auto_unbox = TRUE, null = "null")
  if (length(left) > 0) {
    warn_contract("left_behind", parts = paste(left, collapse = ", "))
  }
  columns <- lapply(vectors, function(vector) {
    offsets <- list(c(0L, as.integer(vector$array$length)))
    crossing(new_array(list_schema(vector), 1, NULL, offsets, list(vector$array)))
  })
  marks <- c(value = as.character(tree), wire = "1", rows = "1")
  stream_of(mark(struct(columns, as.character(seq_along(columns) - 1), 1), marks))
}

# A list or a number of Python has no place for attributes.
attributes_left <- function(vector, path) {
  carried <- vector$marks["attributes"]
  names <- if (!is.na(carried)) names(jsonlite::fromJSON(carried[[1]]))
  c(
    if ("names" %in% vector$left) sprintf("names(%s)", path),
    sprintf("attr(%s, \"%s\")", path, c(names, setdiff(vector$left, "names")))
  )
}

abort_value <- function(x, path, call) {
  type <- paste(class(x), collapse = " ")
  abort_contract("unsupported_value", path = path, type = type, call = call)
}

# How the items of a list are reached; names that Python's dict would not keep are
# refused.
item_paths <- function(x, path, call) {
  names <- names(x)
  if (is.null(names)) {
    return(sprintf("%s[[%d]]", path, seq_along(x)))
  }
  if (anyNA(names) || !all(nzchar(names)) || anyDuplicated(names)) {
    abort_value(x, path, call)
  }
  sprintf("%s[[\"%s\"]]", path, names)
}

value_kinds <- c(
  "logical",
  "number",
  "text",
  "factor",
  "date",
  "time",
  "duration",
  "time_of_day"
)

is_named_vector <- function(x) is.atomic(x) && !is.object(x) && !is.null(names(x))

value_from_wire <- function(stream) {
  require_package("nanoarrow", phrase("cross_frames"))
  on.exit(stream$release())
  schema <- stream$get_schema()
  row <- stream$get_next(schema, validate = FALSE)
  harvest <- function(tree) {
    if (is.null(tree)) {
      return(NULL)
    }
    if (!is.null(tree$vector)) {
      at <- tree$vector + 1
      item <- schema$children[[at]]$children[[1]]
      return(decode(list(row$children[[at]]$children[[1]]), item, is_ours = TRUE))
    }
    items <- lapply(tree$items, harvest)
    if (!is.null(tree$names)) {
      names(items) <- as.character(unlist(tree$names))
    }
    items
  }
  marks <- marks_of(schema)
  harvest(jsonlite::fromJSON(marks[["value"]], simplifyVector = FALSE))
}
