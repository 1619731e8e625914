# Events of memscope-trace dump --json (-n, one object a line) as the lines that tests/programs/annotate.c prints.
reduce inputs as $e ({address: {}, key: {}, lines: [], spawn: null};
	def at($b): if $b == 0 then "0" else .address[$b | tostring] end;
	def add($s): .lines += [$s];
	if .spawn and (["task-name", "task-key"] | index($e.kind) | not) then
		add("task-spawn \(.key[.spawn.task | tostring]) \(.spawn.name) \(if .spawn.parent == 0 then "-" else .key[.spawn.parent | tostring] end)") | .spawn = null
	else . end
	| if .create and $e.kind != "pool-name" then add("pool-create \(.create.pool) \(.create.name) \(.create.at)") | .create = null else . end
	| (if $e.tracked_block != null then at($e.tracked_block) else "" end) as $tracked
	| if $e.class == "alloc" then .address[$e.block | tostring] = $e.address
	elif $e.kind == "track" then add("track \($e.variable.name)|\($e.variable.type) \($tracked)")
	elif $e.kind == "clone" then add("clone \(at($e.source_block)) \(at($e.copy_block))")
	elif $e.kind == "move" then add("move \(at($e.from_block)) \(at($e.to_block))")
	elif $e.kind == "move-size" then add("move-size \($e.moved_bytes)")
	elif $e.kind == "borrow" or $e.kind == "return" then add("\($e.kind) \(at($e.borrowed_block))")
	elif $e.kind == "scope-begin" or $e.kind == "scope-end" or $e.kind == "mark" or $e.kind == "snapshot" then add("\($e.kind) \($e.name)")
	elif $e.kind == "task-spawn" then .spawn = {task: $e.task, parent: $e.parent_task, name: ""}
	elif $e.kind == "task-name" then .spawn.name = $e.name
	elif $e.kind == "task-key" then .key[$e.task | tostring] = ($e.key | tostring)
	elif ($e.kind | startswith("task-")) then add("\($e.kind) \(.key[$e.task | tostring])")
	elif $e.kind == "pool-create" then .create = {pool: $e.pool, name: "", at: at($e.parent_block)}
	elif $e.kind == "pool-name" then .create.name = $e.name
	elif $e.kind == "pool-alloc" or $e.kind == "pool-free" then add("\($e.kind) \($e.pool) \($e.address) \($e.size_bytes)")
	elif ($e.kind | startswith("pool-")) then add("\($e.kind) \($e.pool)")
	elif $e.kind == "pause" or $e.kind == "resume" then add("\($e.kind) \($e.asked_by)")
	else . end)
| .lines[]
