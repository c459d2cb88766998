-- GET /fhir/Patient/{id}, ids at random from $BENCH_IDS
local ids = {}
for line in io.lines(os.getenv("BENCH_IDS")) do ids[#ids + 1] = "/fhir/" .. line end
request = function() return wrk.format("GET", ids[math.random(#ids)]) end
