# Google Cloud Storage, in the requests that a bucket is made of: its JSON API, with a
# token that the service account's key is exchanged for.
# https://cloud.google.com/storage/docs/json_api

gcs_store <- function(record, call) {
  need_complete(record, call)
  account <- service_account(record, call)
  url <- gcs_endpoint()
  gcs <- list(
    bucket = record$bucket_name,
    url = url,
    peer = new_peer(record, url, account$client_email, "Google Cloud Storage"),
    token = token_keeper(record, account)
  )
  list(
    identifier = record$identifier,
    bucket = gcs$bucket,
    peer = gcs$peer,
    version_header = "x-goog-generation",
    abort = function(response, call) gcs_abort(gcs, response, call),
    page = function(prefix, token, call, limit = 1000) {
      gcs_page(gcs, prefix, token, limit, call)
    },
    get = function(key, range, version, call) {
      query <- c(alt = "media", ifGenerationMatch = version)
      # As it is stored: Google would unpack what is marked as gzip.
      headers <- c(range = range, "accept-encoding" = "gzip")
      gcs_send(gcs, "GET", object_url(gcs, key), query, headers, call = call)
    },
    put = function(key, bytes, type, call) {
      query <- c(uploadType = "media", name = key)
      headers <- c("content-type" = type)
      gcs_succeed(gcs, "POST", upload_url(gcs), query, headers, bytes, call = call)
    },
    put_parts = function(key, source, call) gcs_put_parts(gcs, key, source, call),
    delete = function(key, call) {
      gcs_succeed(gcs, "DELETE", object_url(gcs, key), call = call)
    }
  )
}

bucket_url <- function(gcs) {
  paste0(gcs$url, "/storage/v1/b/", percent_encode(gcs$bucket), "/o")
}

object_url <- function(gcs, key) paste0(bucket_url(gcs), "/", percent_encode(key))

upload_url <- function(gcs) sub("/storage/v1", "/upload/storage/v1", bucket_url(gcs))

# What is needed of the key, which is the text of a JSON file.
service_account <- function(record, call) {
  refuse <- function(reason) {
    abort_contract(
      "service_account_invalid",
      identifier = record$identifier,
      reason = reason,
      call = call
    )
  }
  key <- tryCatch(
    jsonlite::parse_json(record$service_account_key),
    error = function(e) NULL
  )
  if (!is.list(key) || is.null(names(key))) {
    refuse(phrase("no_json_object"))
  }
  needed <- c("client_email", "private_key")
  missing <- Filter(function(name) !rlang::is_string(key[[name]]), needed)
  if (length(missing) > 0) {
    refuse(fill(phrase("key_lacks"), list(names = toString(missing))))
  }
  secret <- tryCatch(
    openssl::read_key(charToRaw(key$private_key), password = "", der = FALSE),
    error = function(e) refuse(phrase("private_key_unreadable"))
  )
  list(
    client_email = key$client_email,
    token_uri = key$token_uri %||% "https://oauth2.googleapis.com/token",
    secret = secret
  )
}

# A function that gives a token which holds for another minute at least.
token_keeper <- function(record, account) {
  token <- NULL
  until <- 0
  peer <- new_peer(record, account$token_uri, account$client_email, "Google")
  function(call) {
    if (as.numeric(Sys.time()) > until) {
      answer <- exchange_token(account, peer, call)
      token <<- answer$access_token
      until <<- as.numeric(Sys.time()) + (answer$expires_in %||% 3600) - 60
    }
    token
  }
}

# RFC 7523: a statement signed by the account, in exchange for a token.
exchange_token <- function(account, peer, call) {
  build <- function() {
    request <- service_request("POST", account$token_uri, call = call)
    grant <- "urn:ietf:params:oauth:grant-type:jwt-bearer"
    httr2::req_body_form(request, grant_type = grant, assertion = signed_claim(account))
  }
  response <- ask_service(build, peer, call = call)
  answer <- tryCatch(jsonlite::parse_json(body_text(response)), error = function(e) {
    NULL
  })
  status <- httr2::resp_status(response)
  if (status %in% c(400L, 401L, 403L)) {
    skew <- clock_skew_s(response)
    if (!is.na(skew) && abs(skew) > 60) {
      abort_clock_skew(response, peer, call)
    }
    abort_refused(peer, phrase("wrong_credentials"), call)
  }
  if (status >= 300 || is.null(answer$access_token)) {
    abort_status(response, peer, call = call)
  }
  answer
}

signed_claim <- function(account, now = as.integer(Sys.time())) {
  header <- list(alg = "RS256", typ = "JWT")
  claim <- list(
    iss = account$client_email,
    scope = "https://www.googleapis.com/auth/devstorage.read_write",
    aud = account$token_uri,
    iat = now,
    exp = now + 3600L
  )
  encoded <- vapply(
    list(header, claim),
    function(part) {
      base64url(charToRaw(to_json(part)))
    },
    ""
  )
  text <- paste(encoded, collapse = ".")
  signature <- openssl::signature_create(
    charToRaw(text),
    hash = openssl::sha256,
    key = account$secret
  )
  paste0(text, ".", base64url(signature))
}

base64url <- function(bytes) {
  chartr("+/", "-_", sub("=+$", "", openssl::base64_encode(bytes)))
}

gcs_send <- function(
  gcs,
  method,
  url,
  query = NULL,
  headers = NULL,
  body = NULL,
  call = rlang::caller_env()
) {
  ask_service(
    function() {
      address <- paste0(url, if (length(query)) "?", query_text(query))
      token <- paste("Bearer", gcs$token(call))
      request <- service_request(method, address, c(headers, Authorization = token))
      if (is.null(body)) {
        return(request)
      }
      httr2::req_method(httr2::req_body_raw(request, body), method)
    },
    gcs$peer,
    call = call
  )
}

# An answer that must be a success.
gcs_succeed <- function(gcs, ..., call) {
  response <- gcs_send(gcs, ..., call = call)
  if (httr2::resp_status(response) >= 300) gcs_abort(gcs, response, call) else response
}

gcs_abort <- function(gcs, response, call) {
  said <- tryCatch(
    jsonlite::parse_json(body_text(response))$error$message,
    error = function(e) NULL
  )
  if (httr2::resp_status(response) == 404L && !grepl("No such object", said %||% "")) {
    abort_bucket_missing(gcs, call)
  }
  abort_status(response, gcs$peer, said, call)
}

gcs_page <- function(gcs, prefix, token, limit, call) {
  query <- c(
    prefix = prefix,
    maxResults = limit,
    pageToken = token,
    fields = "items(name,size,updated),nextPageToken"
  )
  response <- gcs_succeed(gcs, "GET", bucket_url(gcs), query, call = call)
  answer <- json_answer(response, gcs$peer, call)
  column <- function(name) {
    vapply(answer$items, function(item) item[[name]] %||% NA_character_, "")
  }
  list(
    rows = object_rows(column("name"), column("size"), column("updated")),
    token = answer$nextPageToken
  )
}

# A large object in parts of one session: nothing of it is seen before the last.
gcs_put_parts <- function(gcs, key, source, call) {
  query <- c(uploadType = "resumable", name = key)
  headers <- c("x-upload-content-type" = source$type)
  begun <- gcs_succeed(gcs, "POST", upload_url(gcs), query, headers, raw(), call = call)
  session <- httr2::resp_header(begun, "location")
  complete <- FALSE
  on.exit({
    if (!complete) {
      try(gcs_send(gcs, "DELETE", session, call = call), silent = TRUE)
    }
  })
  sent <- 0
  while (length(part <- source$next_part()) > 0) {
    # The store may keep less of a part than it was sent.
    while (length(part) > 0) {
      kept <- gcs_put_part(gcs, session, part, sent, source$size, call)
      part <- utils::tail(part, -(kept - sent))
      sent <- kept
    }
  }
  complete <- TRUE
}

# How many bytes the store has after this part, which begins at `from`.
gcs_put_part <- function(gcs, session, part, from, size, call) {
  last <- from + length(part) - 1
  range <- sprintf("bytes %.0f-%.0f/%.0f", from, last, size)
  headers <- c("content-range" = range)
  response <- gcs_send(gcs, "PUT", session, NULL, headers, part, call = call)
  if (httr2::resp_status(response) == 308L) {
    kept <- sub(".*-", "", httr2::resp_header(response, "range") %||% "-")
    return(if (nzchar(kept)) as.numeric(kept) + 1 else 0)
  }
  if (httr2::resp_status(response) >= 300) {
    gcs_abort(gcs, response, call)
  }
  size
}
