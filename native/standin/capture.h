// Streams that write down a graph instead of running work, and what is forbidden meanwhile.
#pragma once
#include <functional>

#include "stream_state.h"
#include "streams.h"

namespace standin {

// Puts work that came to a capturing stream into the graph; returns 0 or the CUDA error.
int addNode(Stream& stream, std::function<int()> work, std::vector<Place> written, std::function<bool()> ready);
// cudaEventRecord on a capturing stream.
int recordInCapture(Stream& stream, Event& event);
// cudaStreamWaitEvent for an event that was recorded in a capture: the stream joins that capture.
int waitInCapture(Stream& stream, const Event& event);
// cudaStreamWaitEvent on a capturing stream for an event from outside.
int crossIntoCapture(Stream& stream);
// cudaEventQuery and cudaEventSynchronize.
int askInCapture(const char* function, const Event& event);
// Any work for the null stream.
int useNullStream();
// A call that may wait or allocate, which ends the captures that forbid it; returns 0 or the CUDA error.
int forbiddenInCapture(const char* function, Stream* stream = nullptr);
// For a stream that is destroyed.
void leaveCapture(Stream& stream);

}  // namespace standin
