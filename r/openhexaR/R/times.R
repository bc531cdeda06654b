# Dates and times as text: ISO 8601.

DATE <- "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
TIME <- "^[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?$"
ZONED <- sub("$", "(Z|[+-][0-9]{2}:?[0-9]{2})$", sub("[$]$", "", TIME))

# As POSIXct, shown in `zone`, which is that of texts without one.
parse_time <- function(text, zone) {
  # R 4.2 reads +0100, and neither +01:00 nor Z.
  text <- sub("Z$", "+0000", sub(" ", "T", text, fixed = TRUE))
  text <- sub("([+-][0-9]{2}):([0-9]{2})$", "\\1\\2", text)
  zoned <- grepl("T.*[+-]", text)
  text <- sub("^([^T]*)$", "\\1T00:00", text)
  text <- sub("T([0-9]{2}:[0-9]{2})($|[+-])", "T\\1:00\\2", text)
  format <- paste0("%Y-%m-%dT%H:%M:%OS", ifelse(zoned, "%z", ""))
  as.POSIXct(strptime(text, format, tz = zone), tz = zone)
}
