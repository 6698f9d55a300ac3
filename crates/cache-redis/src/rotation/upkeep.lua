-- The verbs of operators and of nodes that start.

function Verbs.due()
  return View.due()
end

-- The place from which on.
function Verbs.view()
  return View.some(number_at(FIRST))
end

-- The keys to look at.
function Verbs.look()
  return View.look(FIRST)
end

-- What was known of each key. Only the first time after the pool was made: later the pool knows better.
function Verbs.restore()
  if call('HSETNX', BASE, 'restored', 1) == 1 then View.restore(FIRST) end
  return 1
end

function Publishing.digest()
  return call('HGET', BASE, 'digest')
end

-- The token, the place of the first key, and the keys.
function Publishing.stage()
  Publish.stage(ARGV[FIRST], number_at(FIRST + 1), FIRST + 2)
  return 1
end

-- The token, from where on, and how many.
function Publishing.sweep()
  return Publish.sweep(ARGV[FIRST], number_at(FIRST + 1), number_at(FIRST + 2))
end

-- The token, the digest that was live when it began, the new one, the policy and a seed.
function Publishing.commit()
  if (call('HGET', BASE, 'digest') or '') ~= ARGV[FIRST + 1] then return 0 end
  Publish.commit(ARGV[FIRST], ARGV[FIRST + 2], ARGV[FIRST + 3], number_at(FIRST + 4))
  return 1
end

-- All at once, for a pool that is not large: the token, the digest, the policy, a seed and the keys.
function Publishing.publish()
  if call('HGET', BASE, 'digest') == ARGV[FIRST + 1] then return 0 end
  Publish.stage(ARGV[FIRST], 0, FIRST + 4)
  Publish.sweep(ARGV[FIRST], 0, call('ZCARD', BASE .. ':order'))
  Publish.commit(ARGV[FIRST], ARGV[FIRST + 1], ARGV[FIRST + 2], number_at(FIRST + 3))
  return 1
end

function Publishing.retire()
  Publish.forget()
  return 1
end
