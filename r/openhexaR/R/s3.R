# S3, in the requests that a bucket is made of: plain HTTPS, signed, answers in XML.
# https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations.html

s3_store <- function(record, call) {
  need_complete(record, call)
  endpoint <- s3_endpoint()
  url <- endpoint %||% "https://s3.amazonaws.com"
  bucket <- record$bucket_name
  s3 <- list(
    bucket = bucket,
    keys = record, # hides its secrets
    endpoint = endpoint,
    peer = new_peer(record, url, phrase("its_access_key"), "S3"),
    state = list2env(list(region = aws_region()), parent = emptyenv())
  )
  list(
    identifier = record$identifier,
    bucket = bucket,
    peer = s3$peer,
    version_header = "etag",
    abort = function(response, call) s3_abort(s3, response, call),
    page = function(prefix, token, call, limit = 1000) {
      s3_page(s3, prefix, token, limit, call)
    },
    get = function(key, range, version, call) {
      headers <- c(range = range, "if-match" = version)
      s3_send(s3, "GET", key, headers = headers, call = call)
    },
    put = function(key, bytes, type, call) {
      headers <- c("content-type" = type)
      s3_succeed(s3, "PUT", key, headers = headers, body = bytes, call = call)
    },
    put_parts = function(key, source, call) s3_put_parts(s3, key, source, call),
    delete = function(key, call) s3_succeed(s3, "DELETE", key, call = call)
  )
}

# The bucket in the name of the host, as AWS wants it; in the path on other servers and
# where the name would not fit the certificate.
s3_address <- function(s3) {
  if (is.null(s3$endpoint)) {
    root <- paste0("s3.", s3$state$region, ".amazonaws.com")
    if (grepl("^[a-z0-9-]+$", s3$bucket)) {
      return(list(root = paste0("https://", s3$bucket, ".", root), path = "/"))
    }
    return(list(root = paste0("https://", root), path = paste0("/", s3$bucket, "/")))
  }
  root <- server_name(s3$endpoint)
  below <- sub("/+$", "", substring(s3$endpoint, nchar(root) + 1))
  list(root = root, path = paste0(below, "/", s3$bucket, "/"))
}

s3_request <- function(s3, method, key, query, headers, body) {
  address <- s3_address(s3)
  path <- paste0(address$path, key)
  payload <- sha256_hex(body)
  signed <- sign_request(
    list(
      method = method,
      path = path,
      query = query,
      headers = c(
        headers,
        host = host_of(address$root),
        "x-amz-content-sha256" = payload
      ),
      payload = payload
    ),
    s3$keys$access_key_id,
    s3$keys$secret_access_key,
    list(region = s3$state$region, service = "s3")
  )
  query <- query_text(query)
  url <- paste0(address$root, encode_path(path), if (nzchar(query)) "?", query)
  request <- service_request(method, url, signed[names(signed) != "host"])
  if (method %in% c("PUT", "POST")) {
    request <- httr2::req_method(httr2::req_body_raw(request, body), method)
  }
  request
}

# An answer of any status. A bucket of another region says so, and is asked there.
s3_send <- function(
  s3,
  method,
  key = "",
  query = NULL,
  headers = NULL,
  body = raw(),
  call = rlang::caller_env()
) {
  build <- function() s3_request(s3, method, key, query, headers, body)
  response <- ask_service(build, s3$peer, call = call)
  region <- region_elsewhere(response)
  if (is.null(region) || region == s3$state$region) {
    return(response)
  }
  s3$state$region <- region
  ask_service(build, s3$peer, call = call)
}

region_elsewhere <- function(response) {
  if (!httr2::resp_status(response) %in% c(301L, 307L, 400L)) {
    return(NULL)
  }
  httr2::resp_header(response, "x-amz-bucket-region") %||% s3_field(response, "Region")
}

# The text of an element of an answer, or NULL.
s3_field <- function(response, name) {
  if (length(response$body) == 0) {
    return(NULL)
  }
  tree <- tryCatch(xml2::read_xml(response$body), error = function(e) NULL)
  found <- if (!is.null(tree)) {
    xml2::xml_find_first(tree, paste0("//*[local-name()='", name, "']"))
  }
  if (!is.null(found) && !is.na(found)) xml2::xml_text(found)
}

# An answer that must be a success. S3 may send an error with status 200.
s3_succeed <- function(s3, ..., call) {
  response <- s3_send(s3, ..., call = call)
  failed <- httr2::resp_status(response) >= 300 || !is.null(s3_field(response, "Code"))
  if (failed) s3_abort(s3, response, call) else response
}

s3_abort <- function(s3, response, call) {
  code <- s3_field(response, "Code") %||% ""
  if (code == "NoSuchBucket") {
    abort_bucket_missing(s3, call)
  }
  if (code == "RequestTimeTooSkewed") {
    abort_clock_skew(response, s3$peer, call)
  }
  if (code %in% c("InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken")) {
    abort_refused(s3$peer, phrase("wrong_credentials"), call)
  }
  abort_status(response, s3$peer, s3_field(response, "Message"), call)
}

s3_page <- function(s3, prefix, token, limit, call) {
  query <- c(
    "list-type" = "2",
    "encoding-type" = "url", # XML has no control characters
    "max-keys" = limit,
    prefix = prefix,
    "continuation-token" = token
  )
  response <- s3_succeed(s3, "GET", query = query, call = call)
  tree <- tryCatch(xml2::read_xml(response$body), error = function(e) {
    abort_answer(s3$peer, call)
  })
  tree <- xml2::xml_ns_strip(tree)
  entries <- xml2::xml_find_all(tree, "/ListBucketResult/Contents")
  column <- function(name) xml2::xml_text(xml2::xml_find_first(entries, name))
  keys <- column("Key")
  if (!is.na(xml2::xml_find_first(tree, "/ListBucketResult/EncodingType"))) {
    keys <- percent_decode(gsub("+", " ", keys, fixed = TRUE))
  }
  token <- xml2::xml_find_first(tree, "/ListBucketResult/NextContinuationToken")
  list(
    rows = object_rows(keys, column("Size"), column("LastModified")),
    token = if (!is.na(token)) xml2::xml_text(token)
  )
}

# A large object in parts: nothing of it is seen before the last request, and what was
# sent goes away when something fails.
s3_put_parts <- function(s3, key, source, call) {
  headers <- c("content-type" = source$type)
  begun <- s3_succeed(
    s3,
    "POST",
    key,
    query = c(uploads = ""),
    headers = headers,
    call = call
  )
  upload <- c(uploadId = s3_field(begun, "UploadId"))
  complete <- FALSE
  on.exit({
    if (!complete) {
      try(s3_send(s3, "DELETE", key, query = upload, call = call), silent = TRUE)
    }
  })
  tags <- character()
  while (length(part <- source$next_part()) > 0) {
    query <- c(upload, partNumber = length(tags) + 1)
    sent <- s3_succeed(s3, "PUT", key, query = query, body = part, call = call)
    tags <- c(tags, httr2::resp_header(sent, "etag"))
  }
  list <- sprintf(
    "<Part><PartNumber>%d</PartNumber><ETag>%s</ETag></Part>",
    seq_along(tags),
    tags
  )
  list <- paste(list, collapse = "")
  body <- paste0("<CompleteMultipartUpload>", list, "</CompleteMultipartUpload>")
  s3_succeed(s3, "POST", key, query = upload, body = charToRaw(body), call = call)
  complete <- TRUE
}
