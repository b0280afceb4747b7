// What the streams and the captures of the stand-in share.
#pragma once
#include <deque>
#include <functional>
#include <memory>
#include <vector>

namespace standin {

struct Capture;
struct Stream;

// One cudaEventRecord.
struct Record {
  Stream* stream;
  bool done;
  double milliseconds;
};

struct Operation {
  std::function<int()> run;  // returns 0 or the CUDA error that kills the context
  std::shared_ptr<Record> awaited;  // what must have happened before; null without
  std::function<bool()> ready;  // whether it can run, or does what it can towards that; null for always
};

struct Stream {
  std::deque<Operation> operations;
  bool blocking;  // waits for, and is waited for by, the null stream
  std::shared_ptr<Capture> capture;  // null unless the stream is being captured
  std::vector<size_t> last;  // the nodes that the next one of a capture depends on
  int device;
  bool asked = false;  // whether its first operation is ready, just now
};

struct Event {
  std::shared_ptr<Record> last;
  bool asked;  // the first query before it ran answers "not ready"
  std::shared_ptr<Capture> capture;  // that it was last recorded in, null for none
  std::vector<size_t> nodes;         // of that capture
};

// A live stream or the null stream, null for anything else.
Stream* findStream(void* handle);
Event* findEvent(void* event);

}  // namespace standin
