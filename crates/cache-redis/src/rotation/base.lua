-- What all verbs stand on: the arguments, the time, and what was loaded from this service's keys in this call.
--
-- KEYS[1] is the service's prefix, with a hash tag: all keys of a service are in one slot of a cluster. ARGV: the verb, the
-- caller's time, whose clock counts, the caller's node, the silence in milliseconds after which a node is given up, and what
-- the verb takes.

local call, floor, max, min = redis.call, math.floor, math.max, math.min
local pack, unpacked = cmsgpack.pack, cmsgpack.unpack

local BASE, VERB, CALLER, NODE, SILENCE = KEYS[1], ARGV[1], tonumber(ARGV[2]), ARGV[4], tonumber(ARGV[5])
-- Where the arguments of the verb begin.
local FIRST = 6
-- The largest number of 32 bits, which stands for "long ago" and ends what saturates.
local U32 = 4294967295
local WRAP = 4294967296
-- Variadic commands take so many pairs at once.
local CHUNK = 500

local time = call('TIME')
local SERVER = time[1] * 1000 + floor(time[2] / 1000)
local NOW = ARGV[3] == 'caller' and CALLER or SERVER
-- What is added to a time of the caller's to make one of the clock that counts.
-- What is less than this is the way that the call took, not a difference of clocks: times that are told twice stay the same.
local SAME_CLOCK = 250
local SHIFT = NOW - CALLER
if math.abs(SHIFT) < SAME_CLOCK then SHIFT = 0 end

local NO_LIMITS = {}

-- === the state that was loaded, written back at the end ===

local Lane, Line = {}, {}
local Store = { members = {}, groups = {}, lanes = {}, touched = {}, policy = nil, held = nil }

-- Buckets and seats that were changed are in this set.
local touched = Store.touched

-- Loads the pool; false where there is none.
function Store.open()
  local held = call('HMGET', BASE, 'policy', 'state')
  if not held[1] then return false end
  Store.policy = cjson.decode(held[1])
  Store.policy.limits = Store.policy.limits or NO_LIMITS
  Store.held = held[2] and unpacked(held[2]) or { uses = 0, random = 1, checked = 0, lanes = 0, session = 0 }
  return true
end

function Store.static_of(text)
  if not text then return nil end
  if text == '' then return NO_LIMITS end
  return cjson.decode(text)
end

-- Loads keys of the pool, all those together that are not yet.
function Store.load(ids)
  local unknown = {}
  for _, id in ipairs(ids) do
    if Store.members[id] == nil then unknown[#unknown + 1] = id end
  end
  if #unknown == 0 then return end
  local texts = call('HMGET', BASE .. ':keys', unpack(unknown))
  for at, held in ipairs(call('HMGET', BASE .. ':members', unpack(unknown))) do
    local id, static, member = unknown[at], Store.static_of(texts[at]), false
    if static then
      held = held and unpacked(held) or {}
      member = { id = id, static = static, bucket = held.b or {}, out = held.o }
    end
    Store.members[id] = member
  end
end

-- A key of the pool with its policy (`static`), its bucket and, where it is out of use, `out`; nil where it is none.
function Store.member(id)
  local member = Store.members[id]
  if member == nil then
    Store.load({ id })
    member = Store.members[id]
  end
  return member or nil
end

-- The limits of a key: its own, and where it has none the service's; those of the service are the group's where it has one.
function Store.limits_of(member)
  if member.limits then return member.limits end
  local own, all = member.static.l, Store.policy.limits
  if member.static.g then
    all = own or NO_LIMITS
  elseif own then
    all = { r = own.r or all.r, t = own.t or all.t, d = own.d or all.d, c = own.c or all.c }
  end
  member.limits = all
  return all
end

function Store.group_limits(group)
  local own, all = Store.policy.groups and Store.policy.groups[group], Store.policy.limits
  if not own then return all end
  return { r = own.r or all.r, t = own.t or all.t, d = own.d or all.d, c = own.c or all.c }
end

-- The bucket of a quota group; nil where it has none yet and none is to be `made`.
function Store.group(name, made)
  local bucket = Store.groups[name]
  if bucket == nil then
    local held = call('HGET', BASE .. ':groups', name)
    bucket = held and unpacked(held) or false
  end
  if not bucket and made then bucket = {} end
  Store.groups[name] = bucket
  return bucket or nil
end

-- Calls a command that takes any number of arguments after its key.
local function call_in_chunks(command, key, arguments)
  for first = 1, #arguments, CHUNK * 2 do
    call(command, key, unpack(arguments, first, min(first + CHUNK * 2 - 1, #arguments)))
  end
end

-- Writes back what was changed.
function Store.close()
  local written = {}
  for id, member in pairs(Store.members) do
    if member and (touched[member] or touched[member.bucket]) then
      if next(member.bucket) == nil and not member.out then
        call('HDEL', BASE .. ':members', id)
      else
        written[#written + 1], written[#written + 2] = id, pack({ b = member.bucket, o = member.out })
      end
    end
  end
  call_in_chunks('HSET', BASE .. ':members', written)
  for name, bucket in pairs(Store.groups) do
    if bucket and touched[bucket] then call('HSET', BASE .. ':groups', name, pack(bucket)) end
  end
  for _, lane in pairs(Store.lanes) do
    if lane and not lane.is_gone then
      local changed = {}
      for id, seat in pairs(lane.seats) do
        if seat and (touched[seat] or touched[seat.b]) then
          changed[#changed + 1] = id
          changed[#changed + 1] = Lane.text_of(seat)
        end
      end
      for name, bucket in pairs(lane.groups) do
        if bucket and touched[bucket] then
          changed[#changed + 1] = 'g' .. name
          changed[#changed + 1] = pack(bucket)
        end
      end
      call_in_chunks('HSET', lane.key, changed)
      for _, line in pairs(lane.lines) do Line.write(line) end
      if touched[lane] then call('HSET', BASE .. ':lanes', lane.model, pack(lane.held)) end
    end
  end
  if Store.policy and touched[Store] then call('HSET', BASE, 'state', pack(Store.held)) end
end

-- A number up to 2^31 that looks random (Park and Miller, 1988).
function Store.random()
  touched[Store] = true
  Store.held.random = (Store.held.random * 16807) % 2147483647
  return Store.held.random
end

-- Numbers of the same length are in order as text.
local function padded(number)
  return string.format('%016.0f', number)
end

-- What a call may ask for: of a pool, and also where there is none.
local Verbs, Publishing = {}, {}

local function number_at(at)
  return tonumber(ARGV[at])
end
