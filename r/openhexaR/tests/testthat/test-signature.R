# Facts of AWS' own test suite (awslabs/aws-c-auth, tests/aws-signing-test-suite/v4, by
# the names of its folders): what is asked, and the signature it must have. All are of
# 30 August 2015, 12:36 UTC, for host example.amazonaws.com, and sign no body.
suite_signature <- function(method = "GET", path = "/", query = NULL, headers = NULL) {
  request <- list(
    method = method,
    path = path,
    query = query,
    headers = c(Host = "example.amazonaws.com", headers),
    payload = sha256_hex("")
  )
  signed <- sign_request(
    request,
    "AKIDEXAMPLE",
    "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    list(region = "us-east-1", service = "service"),
    as.POSIXct("2015-08-30 12:36:00", tz = "UTC")
  )
  sub(".*Signature=", "", signed[["Authorization"]])
}

alphabet <- paste0("-._~", paste(c(0:9, LETTERS, letters), collapse = ""))
ethiopic <- "\u1234"
suite <- list(
  "get-vanilla" = list(
    "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
  ),
  "get-utf8" = list(
    "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85",
    path = paste0("/", ethiopic)
  ),
  "get-unreserved" = list(
    "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f",
    path = paste0("/", alphabet)
  ),
  "get-space-unnormalized" = list(
    "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741",
    path = "/example space/"
  ),
  "get-slash-pointless-dot-unnormalized" = list(
    "beb03f223f7deae4146464f06e29eebbee9c8afbe15c290cf07aa8b119e14cff",
    path = "/./example"
  ),
  "get-header-value-trim" = list(
    "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
    headers = c("My-Header1" = " value1", "My-Header2" = " \"a   b   c\"")
  ),
  "get-vanilla-empty-query-key" = list(
    "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb",
    query = c(Param1 = "value1")
  ),
  "get-vanilla-query-order-key-case" = list(
    "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
    query = c(Param2 = "value2", Param1 = "value1")
  ),
  "get-vanilla-query-order-encoded" = list(
    "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac",
    query = stats::setNames(
      c("Value3", "Value2", "Value1"),
      c("Param-3", "Param", ethiopic)
    )
  ),
  "get-vanilla-query-unreserved" = list(
    "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197",
    query = stats::setNames(alphabet, alphabet)
  ),
  "get-vanilla-utf8-query" = list(
    "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04",
    query = stats::setNames("bar", ethiopic)
  ),
  "get-vanilla-with-session-token" = list(
    "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8",
    headers = c(
      "X-Amz-Security-Token" = paste0(
        "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267"
      )
    )
  ),
  "post-vanilla-query" = list(
    "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11",
    method = "POST",
    query = c(Param1 = "value1")
  ),
  "post-header-key-case" = list(
    "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
    method = "POST"
  ),
  "post-header-key-sort" = list(
    "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c",
    method = "POST",
    headers = c("My-Header1" = "value1")
  ),
  "post-header-value-case" = list(
    "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d",
    method = "POST",
    headers = c("My-Header1" = "VALUE1")
  )
)

test_that("signatures are those of AWS' test suite", {
  for (name in names(suite)) {
    expected <- suite[[name]][[1]]
    expect_equal(do.call(suite_signature, suite[[name]][-1]), expected, info = name)
  }
})

# The examples of S3's own documentation (sig-v4-header-based-auth.html).
s3_signature <- function(method, path, query = NULL, headers = NULL, body = "") {
  request <- list(
    method = method,
    path = path,
    query = query,
    headers = c(
      headers,
      host = "examplebucket.s3.amazonaws.com",
      "x-amz-content-sha256" = sha256_hex(body)
    ),
    payload = sha256_hex(body)
  )
  signed <- sign_request(
    request,
    "AKIAIOSFODNN7EXAMPLE",
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    list(region = "us-east-1", service = "s3"),
    as.POSIXct("2013-05-24", tz = "UTC")
  )
  sub(".*Signature=", "", signed[["Authorization"]])
}

test_that("signatures are those of S3's documentation", {
  expect_equal(
    s3_signature("GET", "/test.txt", headers = c(Range = "bytes=0-9")),
    "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
  )
  expect_equal(
    s3_signature(
      "PUT",
      "/test$file.text",
      headers = c(
        date = "Fri, 24 May 2013 00:00:00 GMT",
        "x-amz-storage-class" = "REDUCED_REDUNDANCY"
      ),
      body = "Welcome to Amazon S3."
    ),
    "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"
  )
  expect_equal(
    s3_signature("GET", "/", query = c(lifecycle = "")),
    "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"
  )
  expect_equal(
    s3_signature("GET", "/", query = c("max-keys" = "2", prefix = "J")),
    "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
  )
})

test_that("every byte but the unreserved is encoded, once, and back", {
  texts <- c("a b", "100%41", "\u00e9+&=?", "x/y", "")
  expect_equal(
    percent_encode(texts),
    c("a%20b", "100%2541", "%C3%A9%2B%26%3D%3F", "x%2Fy", "")
  )
  expect_equal(encode_path("x/y z"), "x/y%20z")
  expect_equal(percent_decode(percent_encode(texts)), texts)
})
