-- POST: an Observation and a Task about one person at random from $BENCH_PATHS, both new
local ids = {}
for line in io.lines(os.getenv("BENCH_PATHS")) do ids[#ids + 1] = line end
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/fhir+json"
wrk.headers["Prefer"] = "return=minimal"
request = function()
	local id = ids[math.random(#ids)]
	local body = '{"resourceType":"Bundle","type":"transaction","entry":[' ..
		'{"resource":{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"29463-7"}]},' ..
		'"subject":{"reference":"' .. id .. '"},"effectiveDateTime":"2025-11-19T10:00:00Z",' ..
		'"valueQuantity":{"value":' .. math.random(40, 110) .. '.5,"unit":"kg","system":"http://unitsofmeasure.org","code":"kg"}},' ..
		'"request":{"method":"POST","url":"Observation"}},' ..
		'{"resource":{"resourceType":"Task","status":"requested","intent":"order","for":{"reference":"' .. id .. '"},' ..
		'"description":"Ring about weight"},"request":{"method":"POST","url":"Task"}}]}'
	return wrk.format(nil, nil, nil, body)
end
