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
// An operation may have to wait for other ranks: ready() says whether it can run. It is called when all before it
// has run, perhaps often, and never again once it has said yes.
int enqueue(void* stream, std::function<int()> operation, std::vector<Place> written = {},
            std::function<bool()> ready = nullptr);
// Whether the handle is a live stream or the null stream.
bool isStream(void* stream);
// Runs all work on a stream, as cudaStreamSynchronize does; returns the error that kills the context.
int synchronize(void* stream);
// Runs all work on the streams of the current device.
void runAll();
// Runs what it can of a stream's work without waiting for other ranks; returns whether that was all.
bool advance(void* stream);
// Runs what it can of the work for other devices without waiting for other ranks.
void advanceOtherDevices();
// Whether what is put on a stream goes into a graph.
bool isCaptured(void* stream);

}  // namespace standin
