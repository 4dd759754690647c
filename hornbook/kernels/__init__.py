"""Training steps of small nets as compiled loops: most of such a step is otherwise the price of
calling operations, not of doing them.

A net is a list of operations (`program`), each of which has a kernel there and back (`layers`,
`products`); the optimizer's update is one more (`updates`), and `steps` goes through them all, many
steps a call, without Python. Numba compiles them once on a machine, for its own instruction set;
their machine code is kept on disk (`machine_code`), and Python calls it (`entries`). The layers'
`vjp` stays the definition: tests hold each kernel to it.

`searching` has nothing to do with steps: counts are looked up by it.

What is kept is loaded with llvmlite alone; all that compiles needs Numba, of the extra `fast`.
"""
