-- Claims jobs; "id token" of each goes to BENCH_CLAIMS, with the number of the thread behind it.
local count = 0

function setup(thread)
	count = count + 1
	thread:set("number", count)
end

function init()
	claims = io.open(os.getenv("BENCH_CLAIMS") .. number, "w")
	wrk.method = "POST"
	wrk.path = "/worker/v1/claim"
	wrk.headers["Content-Type"] = "application/json"
	wrk.body = '{"models":["grok_imagine/grok"],"worker":"bench","lease":600}'
end

function response(status, _, body)
	local id, token = body:match('"id":"(job_%w+)"'), body:match('"token":"(%x+)"')
	if status == 200 and token then
		claims:write(id, " ", token, "\n")
	end
end
