-- What answers and tests teach a pool. What was learned is { 0 } for nothing, { 1, since, until, reason } for a cooldown and
-- { 2, reason, when it is tested } for a key that is out of use; a reason is 1 for a refused key, 2 for one without credit.

local NOTHING = { 0 }
local HEALTHY = { verdict = 'healthy', limits = {} }

-- What most answers say.
Pool.SERVED = 'h'

-- What an answer said.
function Pool.reading_of(text)
  return text == Pool.SERVED and HEALTHY or cjson.decode(text)
end

local function told_cooling(cooling)
  return { 1, cooling[1] - SHIFT, cooling[2] - SHIFT, cooling[3] }
end

function Pool.set_out(member, out)
  touched[member] = true
  member.out = out
  call(out and 'SADD' or 'SREM', BASE .. ':out', member.id)
end

-- Takes a key out of use; credit that is used up is that of its whole quota group.
function Pool.take_out(id, group, reason)
  local concerned = { id }
  if group then
    concerned = {}
    for _, other in ipairs(call('ZRANGE', BASE .. ':order', 0, -1)) do
      local member = Store.member(other)
      if member and member.static.g == group then concerned[#concerned + 1] = other end
    end
  end
  local learning, lanes = NOTHING, Lane.all()
  for _, other in ipairs(concerned) do
    local member = Store.member(other)
    if member then
      -- A key that is out already waits twice as long for its next test.
      local streak = (member.out and member.out.n or 0) + 1
      local wait = min(DEAD_PROBE_FIRST * 2 ^ min(streak - 1, 16), DEAD_PROBE_LONGEST)
      local since = member.out and member.out.s or NOW
      Pool.set_out(member, { r = reason, s = since, a = NOW + wait, n = streak })
      if other == id then learning = { 2, reason, NOW + wait - SHIFT } end
      for _, lane in ipairs(lanes) do Lane.send_away(lane, other) end
    end
  end
  return learning
end

-- A test showed that a key works: it is back in line for every model.
function Pool.revive(id)
  local member = Store.member(id)
  if not member then return end
  Bucket.revive(member.bucket)
  if member.out then Pool.set_out(member, nil) end
  local group = member.static.g
  local shared = group and Store.group(group)
  if shared then Bucket.revive(shared) end
  for _, lane in ipairs(Lane.all()) do
    shared = group and Lane.group(lane, group)
    if shared then Bucket.revive(shared) end
    local seat = Lane.seat(lane, id)
    if seat then
      Bucket.revive(seat.b)
      Lane.line_up(lane, id, 0)
    end
  end
end

-- What an answer told of the limits: they are those of the quota group, where the key has one.
function Pool.observe(lease, reading)
  local lane = #reading.limits > 0 and Lane.peek(lease.m)
  if not lane then return end
  local retry_after = reading.verdict == 'limited' and reading.after or nil
  local bucket, load = nil, lease.l
  if lease.g and lease.h then
    bucket, load = Lane.group(lane, lease.g, true), lease.h
  else
    local seat = Lane.seat(lane, lease.k)
    bucket = seat and seat.b
  end
  if bucket then Bucket.observe(bucket, reading.limits, load, lease.t, retry_after) end
end

-- Leaves alone what a refusal concerns: the key or its quota group, for one model or for all.
function Pool.refuse(lease, scope, after, reason)
  local in_group = lease.g ~= nil
  local found, is_only_late = nil, false
  Pool.each_bucket(lease, function(of, is_group, bucket, load)
    if of == MODEL and is_group == in_group then
      found = Bucket.refuse(bucket, after, reason, load, lease.t)
      is_only_late = bucket.late
    else
      Bucket.take_back(bucket, lease.t)
    end
  end)
  -- The model may have been forgotten since: then nothing is found out.
  local cooling, held = found or { NOW, NOW + (after or UNTOLD_WAIT), reason }, found
  -- What is found out is found out for the model; left alone is all that is concerned.
  if scope ~= MODEL and cooling[2] > NOW then
    Pool.each_bucket(lease, function(of, is_group, bucket)
      if of == scope and is_group == in_group then held = Bucket.cool_along(bucket, cooling, is_only_late) end
    end)
  end
  return held and told_cooling(held) or NOTHING
end

-- Takes up what an answer says about the key of a lease.
function Pool.learn(lease, reading)
  Pool.observe(lease, reading)
  local verdict, after, scope = reading.verdict, reading.after, reading.scope
  if verdict == 'healthy' then
    local in_group = lease.g ~= nil
    Pool.each_bucket(lease, function(of, is_group, bucket, load)
      Bucket.accept(bucket, of == MODEL and is_group == in_group and load or nil)
    end)
    local member = Store.member(lease.k)
    if member and member.out then Pool.revive(lease.k) end
    Pool.call_back(lease)
  elseif verdict == 'limited' then
    return Pool.refuse(lease, scope, after, 1)
  elseif verdict == 'out_of_quota' then
    if after then return Pool.refuse(lease, scope, after, 2) end
    -- The key has no quota for this model at all; somebody may buy some.
    if scope == MODEL then return Pool.refuse(lease, MODEL, DEAD_PROBE_LONGEST, 2) end
    return Pool.take_out(lease.k, lease.g, 2)
  elseif verdict == 'dead' then
    return Pool.take_out(lease.k, nil, 1)
  else
    Pool.each_bucket(lease, function(_, _, bucket) Bucket.shrug(bucket) end)
  end
  return NOTHING
end

-- Takes up what a test of a key showed.
function Pool.learn_probe(id, reading)
  local verdict, after = reading.verdict, reading.after
  local member = Store.member(id)
  if verdict == 'healthy' then
    Pool.revive(id)
  elseif verdict == 'dead' then
    return Pool.take_out(id, nil, 1)
  elseif verdict == 'out_of_quota' and not after then
    return Pool.take_out(id, nil, 2)
  elseif verdict == 'limited' or verdict == 'out_of_quota' then
    -- The upstream knows the key again, or still does.
    if member and member.out then Pool.revive(id) end
    if not member then return NOTHING end
    local reason = verdict == 'limited' and 1 or 2
    return told_cooling(Bucket.cool(member.bucket, { NOW, NOW + (after or UNTOLD_WAIT), reason }))
  elseif member and member.out then
    -- A test that showed nothing, or could not be made: the next one is later.
    touched[member] = true
    member.out.a = max(member.out.a, NOW + DEAD_PROBE_FIRST)
  end
  return NOTHING
end
