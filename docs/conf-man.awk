# Makes kinora.conf(5) of its template and the sample file, which has every option with its help:
#   awk -f conf-man.awk kinora.conf.sample kinora.conf.5.in

function plain(text) {
	gsub(/\\/, "\\e", text)
	gsub(/-/, "\\-", text)
	return text
}

# The sample: lines of help, then "#name = default".
NR == FNR && /^#\[worker/ { in_workers = 1; help = ""; next }
NR == FNR && /^# / { help = help (help != "" ? ".br\n" : "") plain(substr($0, 3)) "\n"; next }
NR == FNR && /^#[a-z]/ {
	split(substr($0, 2), word, / = ?/)
	value = substr($0, index($0, "=") + 2)
	entry = ".TP\n.B " plain(word[1]) "\n" help (value != "" ? ".br\nDefault: " plain(value) "\n" : "")
	options[in_workers] = options[in_workers] entry
}
NR == FNR { help = ""; next }

/^@OPTIONS@$/ { printf "%s", options[""]; next }
/^@WORKERS@$/ { printf "%s", options[1]; next }
{ print }
