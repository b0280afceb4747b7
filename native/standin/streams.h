// Streams are lazy: an operation runs when something waits for it, never before. So what a program
// forgets to wait for has visibly not happened.
#pragma once
#include <functional>

namespace standin {

// Puts an operation on a stream; it returns 0 or the CUDA error that ends the context.
void enqueue(void* stream, std::function<int()> operation);
// Whether the handle is a live stream or the null stream.
bool isStream(void* stream);
// Runs what is on a stream, as cudaStreamSynchronize, and returns the error that ends the context.
int synchronize(void* stream);
void runAll();

}  // namespace standin
