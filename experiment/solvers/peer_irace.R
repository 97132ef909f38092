# irace, given a folder: parameters.txt, instances.txt, initial.txt and target-runner lie there, irace.json gets the best
# configuration and the number of runs. Arguments: FOLDER SEED BUDGET DIGITS
library(irace)
arguments <- commandArgs(trailingOnly = TRUE)
setwd(arguments[1])
scenario <- list(targetRunner = "./target-runner", trainInstancesDir = "", trainInstancesFile = "instances.txt",
                 configurationsFile = "initial.txt", maxExperiments = as.integer(arguments[3]),
                 seed = as.integer(arguments[2]), logFile = "", debugLevel = 0)
if (packageVersion("irace") < "4") scenario$digits <- as.integer(arguments[4])
parameters <- readParameters("parameters.txt")
sink("irace.log")
scenario <- checkScenario(scenario)
best <- irace(scenario, parameters)
sink()
best <- removeConfigurationsMetaData(best)[1, , drop = FALSE]
text <- function(value) if (is.numeric(value)) format(value, digits = 15, scientific = FALSE) else paste0('"', value, '"')
members <- character()
for (name in names(best))
  if (!is.na(best[[name]]))
    members <- c(members, paste0('"', name, '": ', text(best[[name]])))
writeLines(paste0("{", paste(members, collapse = ", "), "}"), "irace.json")
