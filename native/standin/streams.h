// Streams are lazy: an operation runs when something waits for it, never before. So a missing wait
// shows as work that never ran.
#pragma once
#include <cstddef>
#include <functional>
#include <vector>

namespace standin {

// Memory that work writes to.
struct Place {
  const void* p;
  size_t bytes;
};

// Puts an operation on a stream, or into the graph that is being captured there; the operation returns 0 or
// the CUDA error that kills the context. Returns 0 or the CUDA error of the capture, which takes nothing then.
// In a graph, work that nothing orders must not write to the same places, as far as they are known.
int enqueue(void* stream, std::function<int()> operation, std::vector<Place> written = {});
// Whether the handle is a live stream or the null stream.
bool isStream(void* stream);
// Runs all work on a stream, as cudaStreamSynchronize does; returns the error that kills the context.
int synchronize(void* stream);
void runAll();

}  // namespace standin
