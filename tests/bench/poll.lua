-- Polls random jobs of the file that BENCH_IDS names.
local ids = {}
for line in io.lines(os.getenv("BENCH_IDS")) do
	ids[#ids + 1] = line
end
math.randomseed(os.time())

function request()
	return wrk.format("GET", "/v1/video/generations/" .. ids[math.random(#ids)])
end
