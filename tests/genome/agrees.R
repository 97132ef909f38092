# Rscript agrees.R FILE DRAWS: does irace say of every draw what prismfed says of it? FILE is a parameters.txt; its section
# [forbidden] is evaluated by R itself, as irace does.
suppressMessages(library(irace))
args <- commandArgs(trailingOnly = TRUE)
lines <- readLines(args[1])
at <- which(lines == "[forbidden]")
at <- if (length(at) == 0) length(lines) + 1 else at
forbidden <- trimws(sub("#.*$", "", tail(lines, max(0, length(lines) - at))))
forbidden <- forbidden[nchar(forbidden) > 0]
parameters <- readParameters(text = head(lines, at - 1))
wrong <- 0
complain <- function(...) {
  wrong <<- wrong + 1
  if (wrong <= 10) cat("#", ..., "\n")
}
order_of_genes <- NULL
genes <- function(names) {
  order_of_genes <<- names
  if (!setequal(names, parameters$names)) complain("names", setdiff(names, parameters$names))
}
draw <- function(values, active, is_forbidden) {
  names(values) <- order_of_genes
  names(active) <- order_of_genes
  configuration <- lapply(values, function(v) NA)
  for (name in names(values)) {
    domain <- parameters$domain[[name]]
    if (is.character(values[[name]]) && !(values[[name]] %in% domain)) complain("domain of", name, values[[name]])
  }
  for (name in parameters$names[order(parameters$hierarchy[parameters$names])]) {
    is_active <- irace:::conditionsSatisfied(parameters, configuration, name)
    if (is_active) configuration[[name]] <- values[[name]]
    if (is_active != (active[[name]] == 1)) complain("condition of", name, "with", deparse(configuration))
  }
  is <- any(vapply(forbidden, function(f) isTRUE(eval(parse(text = f), configuration)), TRUE))
  if (is != (is_forbidden == 1)) complain("forbidden of", deparse(configuration))
}
source(args[2], local = TRUE)
cat("#", wrong, "differences\n")
quit(status = as.integer(wrong > 0))
