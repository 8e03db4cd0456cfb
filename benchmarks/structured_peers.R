# R's spam and fields: the protocol of structured_peers.py. Needs jsonlite beside the package that is asked for.
peer <- commandArgs(trailingOnly = TRUE)[1]
suppressMessages({library(jsonlite); library(peer, character.only = TRUE)})

# On a processor, as there.
spent <- function(work) sum(system.time(work)[c("user.self", "sys.self")])

# Rows whose precision is that of a grid of side x side points: the order and the factor once, then rows with it.
draw_spam <- function(task) {
  side <- task$side
  line <- toeplitz.spam(c(2, -1, rep(0, side - 2)))
  unit <- diag.spam(side)
  Q <- kronecker(line, unit) + kronecker(unit, line) + task$shift * diag.spam(side^2)
  factor <- spent(R <- chol(Q))
  # What rmvnorm.prec does beside factorising: that it does anew for every call.
  solve <- function() backsolve(R, array(rnorm(task$rows * side^2), c(side^2, task$rows)), k = side^2)
  solve()
  whole <- spent(rmvnorm.prec(task$rows, Q = Q, Rstruct = R))
  list(seconds = spent(solve()), factor = factor, whole = whole, entries = length(R@entries))
}

# Fields of side x side points with the covariance exp(-h / length), by circulant embedding.
draw_fields <- function(task) {
  grid <- list(x = seq_len(task$side), y = seq_len(task$side))
  setup <- spent(embedding <- circulantEmbeddingSetup(
    grid, cov.function = "stationary.cov", Covariance = "Exponential", aRange = task$length
  ))
  list(seconds = spent(for (row in seq_len(task$rows)) circulantEmbedding(embedding)), setup = setup)
}

draw <- list(spam = draw_spam, fields = draw_fields)[[peer]]
input <- file("stdin", "r")
while (length(line <- readLines(input, n = 1)) > 0) {
  cat(toJSON(draw(fromJSON(line)), auto_unbox = TRUE, digits = NA), "\n", sep = "")
  flush(stdout())
}
