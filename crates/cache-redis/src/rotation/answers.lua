-- The verbs by which a pool learns.

-- The ticket, the key and what the answer said.
function Verbs.learn()
  local lease, reading = Leases.get(ARGV[FIRST]), Pool.reading_of(ARGV[FIRST + 2])
  if lease then return Pool.learn(lease, reading) end
  -- The lease was given back already: only what does not depend on it is taken up.
  if reading.verdict == 'dead' then return Pool.take_out(ARGV[FIRST + 1], nil, 1) end
  return NOTHING
end

-- The key, and what the test showed.
function Verbs.probe()
  return Pool.learn_probe(ARGV[FIRST], Pool.reading_of(ARGV[FIRST + 1]))
end
