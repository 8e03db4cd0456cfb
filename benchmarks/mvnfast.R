# One core, R's mvnfast: the protocol of peers.py. Needs the packages mvnfast and jsonlite.
suppressMessages({library(mvnfast); library(jsonlite)})
input <- file("stdin", "r")
while (length(line <- readLines(input, n = 1)) > 0) {
  task <- fromJSON(line)
  d <- task$d
  n <- max(1, task$numbers %/% d)
  set.seed(d)
  a <- matrix(rnorm(d * d), d)
  mean <- rnorm(d)
  upper <- chol(a %*% t(a) / d + diag(d))
  rows <- matrix(0, n, d)
  seconds <- system.time(rmvn(n, mean, upper, ncores = 1, isChol = TRUE, A = rows))[["elapsed"]]
  cat(toJSON(list(seconds = seconds, numbers = n * d), auto_unbox = TRUE), "\n", sep = "")
  flush(stdout())
}
