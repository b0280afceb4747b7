// Streams are lazy: an operation runs when something waits for it, never before. So a missing wait
// shows as work that never ran.
#pragma once
#include <functional>

namespace standin {

// Puts an operation on a stream, or into the graph that is being captured there; the operation returns 0 or
// the CUDA error that kills the context. Returns 0 or the CUDA error of the capture, which takes nothing then.
int enqueue(void* stream, std::function<int()> operation);
// Whether the handle is a live stream or the null stream.
bool isStream(void* stream);
// Runs all work on a stream, as cudaStreamSynchronize does; returns the error that kills the context.
int synchronize(void* stream);
void runAll();

}  // namespace standin
