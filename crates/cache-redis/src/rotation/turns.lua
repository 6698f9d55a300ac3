-- The verbs of every request: they take and give back leases.

-- The ticket, the model, the tokens, the session, whether it is pinned, and the keys that were tried.
function Verbs.pick()
  local request = { tokens = number_at(FIRST + 2), is_pinned = ARGV[FIRST + 4] == '1', tried = {} }
  if ARGV[FIRST + 3] ~= '' then request.session = ARGV[FIRST + 3] end
  for at = FIRST + 5, #ARGV do request.tried[ARGV[at]] = true end
  Leases.live()
  Leases.reap()
  -- A pick whose answer was lost with its connection is told the same again.
  local told = Leases.get(ARGV[FIRST])
  if told then return { 1, told.k } end
  local lease, retry_at, is_busy = Pool.pick(ARGV[FIRST + 1], request)
  if not lease then return { 0, retry_at and retry_at - SHIFT or false, is_busy and 1 or 0 } end
  Leases.keep(ARGV[FIRST], lease)
  return { 1, lease.k }
end

-- Tickets, each with the tokens that were used or nothing.
function Verbs.settle()
  Leases.live()
  Leases.reap()
  local settled = 0
  for at = FIRST, #ARGV - 1, 2 do
    if Leases.settle(NODE, ARGV[at], Leases.get(ARGV[at]), number_at(at + 1)) then settled = settled + 1 end
  end
  return settled
end

-- A sign of life.
function Verbs.live()
  Leases.live()
  Leases.reap()
  return 1
end
