# AWS Signature Version 4, as S3 wants it: each request carries a digest of itself under
# a key that is made of the secret, the day, the region and the service.
# https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html

# The headers of a signed request. `request`: method, path (not encoded), query and
# headers (named vectors of texts, not encoded), payload (SHA-256 of the body in hex).
# `scope`: region and service.
sign_request <- function(request, key_id, secret, scope, time = Sys.time()) {
  stamp <- format(time, "%Y%m%dT%H%M%SZ", tz = "UTC")
  headers <- c(request$headers, "x-amz-date" = stamp)
  names(headers) <- tolower(names(headers))
  request$headers <- headers[order(names(headers), method = "radix")]
  day <- substr(stamp, 1, 8)
  place <- paste(day, scope$region, scope$service, "aws4_request", sep = "/")
  canonical <- canonical_request(request)
  text <- paste("AWS4-HMAC-SHA256", stamp, place, sha256_hex(canonical), sep = "\n")
  key <- charToRaw(paste0("AWS4", secret))
  for (part in c(day, scope$region, scope$service, "aws4_request")) {
    key <- hmac(part, key)
  }
  c(
    headers,
    Authorization = paste0(
      paste0("AWS4-HMAC-SHA256 Credential=", key_id, "/", place),
      paste0(", SignedHeaders=", paste(names(request$headers), collapse = ";")),
      paste0(", Signature=", paste(hmac(text, key), collapse = ""))
    )
  )
}

canonical_request <- function(request) {
  values <- gsub(" +", " ", trimws(request$headers))
  paste(
    request$method,
    encode_path(request$path),
    query_text(request$query),
    paste0(names(request$headers), ":", values, "\n", collapse = ""),
    paste(names(request$headers), collapse = ";"),
    request$payload,
    sep = "\n"
  )
}

hmac <- function(text, key) {
  as.raw(openssl::sha256(charToRaw(enc2utf8(text)), key = key))
}

# Of a text or of bytes.
sha256_hex <- function(x) {
  bytes <- if (is.character(x)) charToRaw(enc2utf8(x)) else x
  paste(as.raw(openssl::sha256(bytes)), collapse = "")
}

# Every byte but A-Z a-z 0-9 - . _ ~ (RFC 3986); also a % that is there already.
percent_encode <- function(texts) {
  texts <- enc2utf8(as.character(texts))
  unname(utils::URLencode(texts, reserved = TRUE, repeated = TRUE))
}

percent_decode <- function(texts) {
  found <- grepl("%", texts, fixed = TRUE)
  decode <- function(text) utils::URLdecode(text)
  texts[found] <- vapply(texts[found], decode, character(1), USE.NAMES = FALSE)
  Encoding(texts) <- "UTF-8"
  texts
}

encode_path <- function(path) gsub("%2F", "/", percent_encode(path), fixed = TRUE)

# A query in the order that the signature wants, which is as good as any other.
query_text <- function(query) {
  if (length(query) == 0) {
    return("")
  }
  names <- percent_encode(names(query))
  values <- percent_encode(unlist(query))
  order <- order(names, values, method = "radix")
  paste(paste0(names, "=", values)[order], collapse = "&")
}
