# Prints each prototype of a header that gives an enum err and whose comment does not say which: errors are named
# (ERR_...), or whose they are ("Errors of file_read()").
FNR == 1 { comment = ""; open = 0 }
/^\/\*/ { comment = ""; open = 1 }
open { comment = comment " " $0 }
/\*\// && open { open = 0; next }
open { next }
/^$/ { comment = "" } # it holds for all up to the next empty line
/^(static inline )?enum err [a-z0-9_]+\(/ { statement = ""; at = FNR; inside = 1 }
inside { statement = statement " " $0 }
inside && /;/ {
    inside = 0
    if ((comment statement) !~ /ERR_|[Ee]rror/)
        print FILENAME ":" at
}
