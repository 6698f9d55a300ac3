-- Does what the verb says, and writes back what was changed.

local answer = false
if Publishing[VERB] then
  answer = Publishing[VERB]()
elseif Store.open() then
  answer = Verbs[VERB]()
end
if VERB ~= 'retire' then Store.close() end
return answer
