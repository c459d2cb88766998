-- GET /fhir/Condition?code=system|code, codes at random from $BENCH_CODES
local codes = {}
for line in io.lines(os.getenv("BENCH_CODES")) do
	codes[#codes + 1] = "/fhir/Condition?_count=20&code=" .. line:gsub("|", "%%7C"):gsub(":", "%%3A"):gsub("/", "%%2F")
end
request = function() return wrk.format("GET", codes[math.random(#codes)]) end
