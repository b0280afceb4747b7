#include "streams.h"

#include <algorithm>
#include <chrono>
#include <set>

#include "capture.h"
#include "state.h"
#include "stream_state.h"

using namespace standin;

namespace {

Stream nullStream;
std::vector<Stream*> streams;  // oldest first
std::set<Event*> events;

// Runs the first operation of a stream; returns false when it has to wait for other ranks.
bool runNext(Stream* stream) {
  State& s = state();
  if (stream->asked) return false;
  if (!s.stickyError && stream->operations.front().ready) {
    stream->asked = true;
    const bool ready = stream->operations.front().ready();
    stream->asked = false;
    if (!ready) return false;
  }
  Operation operation = std::move(stream->operations.front());
  stream->operations.pop_front();
  if (s.stickyError) return true;
  const int error = operation.run();
  if (error && !s.stickyError) s.stickyError = error;
  return true;
}

bool isBlocked(const Operation& next) {
  return next.awaited && !next.awaited->done && !next.awaited->stream->operations.empty();
}

// Runs operations of all streams in a random order, which only events restrict, until something is done.
// Returns false when what is left has to wait for other ranks.
template <class Done>
bool runShuffled(Done done) {
  while (!done()) {
    std::vector<Stream*> ready;
    auto add = [&](Stream* stream) {
      if (!stream->operations.empty() && !isBlocked(stream->operations.front())) ready.push_back(stream);
    };
    for (Stream* stream : streams) add(stream);
    add(&nullStream);
    if (ready.empty()) return true;
    for (;;) {
      auto chosen = ready.begin() + nextRandom() % ready.size();
      if (runNext(*chosen)) break;
      ready.erase(chosen);
      if (ready.empty()) return false;
    }
  }
  return true;
}

// Runs all of a stream; returns false when it has to wait for other ranks.
bool drain(Stream* stream) {
  if (state().shuffled) return runShuffled([=] { return stream->operations.empty(); });
  while (!stream->operations.empty()) {
    if (!runNext(stream)) return false;
  }
  return true;
}

// Runs what comes before a record; returns false when that has to wait for other ranks.
bool reach(const std::shared_ptr<Record>& record) {
  auto done = [&] { return record->done || record->stream->operations.empty(); };
  if (state().shuffled) return runShuffled(done);
  while (!done()) {
    if (!runNext(record->stream)) return false;
  }
  return true;
}

// Waits for other ranks, whose threads and processes go on meanwhile.
template <class Attempt>
void untilDone(Attempt attempt) {
  while (!attempt()) state().lock.yield();
}

void run(Stream* stream) {
  untilDone([=] { return drain(stream); });
}

// Runs the null stream after every blocking one, as CUDA's legacy default stream does.
void runNullStream() {
  for (Stream* stream : streams) {
    if (stream->blocking) run(stream);
  }
  run(&nullStream);
}

void wait(const std::shared_ptr<Record>& record) {
  untilDone([=] { return reach(record); });
}

double now() {
  const auto since = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double, std::milli>(since).count();
}

int badHandle(const Call& call) {
  return raise(INVALID_RESOURCE_HANDLE, "%s got a handle that is not alive", call.function());
}

int finished() {
  State& s = state();
  return s.stickyError ? s.lastError = s.stickyError : SUCCESS;
}

}  // namespace

namespace standin {

Stream* findStream(void* handle) {
  if (!handle || handle == (void*) 1) return &nullStream;
  for (Stream* stream : streams) {
    if (stream == handle) return stream;
  }
  return nullptr;
}

Event* findEvent(void* event) {
  auto found = events.find((Event*) event);
  return found == events.end() ? nullptr : *found;
}

bool isStream(void* stream) { return findStream(stream) != nullptr; }

static int put(void* handle, Operation operation, std::vector<Place> written = {}) {
  State& s = state();
  Stream* stream = findStream(handle);
  if (s.pendingFault) {
    const int error = s.pendingFault;
    s.pendingFault = 0;
    operation = {[error] { return raise(error, "an injected fault"); }, nullptr, nullptr};
  }
  if (stream->capture) {
    return addNode(*stream, std::move(operation.run), std::move(written), std::move(operation.ready));
  }
  if (stream == &nullStream) {
    if (const int error = useNullStream()) return error;
    for (Stream* other : streams) {
      if (other->blocking) run(other);
    }
  } else if (stream->blocking) {
    run(&nullStream);
  }
  stream->operations.push_back(std::move(operation));
  if (s.eager) drain(stream);
  return SUCCESS;
}

int enqueue(void* handle, std::function<int()> operation, std::vector<Place> written,
            std::function<bool()> ready) {
  return put(handle, {std::move(operation), nullptr, std::move(ready)}, std::move(written));
}

bool advance(void* handle) { return drain(findStream(handle)); }

void advanceOtherDevices() {
  const std::vector<Stream*> all = streams;
  for (Stream* stream : all) {
    if (stream->device != thisDevice()) drain(stream);
  }
}

bool isCaptured(void* handle) { return findStream(handle)->capture != nullptr; }

int synchronize(void* handle) {
  Stream* stream = findStream(handle);
  if (stream == &nullStream) {
    runNullStream();
  } else {
    run(stream);
  }
  return finished();
}

void runAll() {
  std::vector<Stream*> own;  // a copy: while one waits for other ranks, their threads may make streams
  for (Stream* stream : streams) {
    if (stream->device == thisDevice()) own.push_back(stream);
  }
  if (state().reversed) std::reverse(own.begin(), own.end());
  for (Stream* stream : own) run(stream);
  run(&nullStream);
}

}  // namespace standin

STANDIN_API int cudaStreamCreateWithFlags(void** stream, unsigned flags) {
  Call call(Library::CUDART, "cudaStreamCreateWithFlags");
  if (call.status()) return call.status();
  auto* created = new Stream{{}, (flags & 1) == 0, nullptr, {}, thisDevice()};
  streams.push_back(created);
  state().live[STREAM]++;
  *stream = created;
  return SUCCESS;
}

STANDIN_API int cudaStreamDestroy(void* handle) {
  Call call(Library::CUDART, "cudaStreamDestroy");
  Stream* stream = findStream(handle);
  if (!stream || stream == &nullStream) return badHandle(call);
  leaveCapture(*stream);
  run(stream);
  streams.erase(std::find(streams.begin(), streams.end(), stream));
  delete stream;
  state().live[STREAM]--;
  return call.status();
}

STANDIN_API int cudaStreamSynchronize(void* handle) {
  Call call(Library::CUDART, "cudaStreamSynchronize");
  if (call.status()) return call.status();
  if (!findStream(handle)) return badHandle(call);
  if (const int error = forbiddenInCapture(call.function(), findStream(handle))) return error;
  return synchronize(handle);
}

STANDIN_API int cudaDeviceSynchronize() {
  Call call(Library::CUDART, "cudaDeviceSynchronize");
  if (call.status()) return call.status();
  if (const int error = forbiddenInCapture(call.function())) return error;
  runAll();
  return finished();
}

STANDIN_API int cudaStreamWaitEvent(void* handle, void* event, unsigned) {
  Call call(Library::CUDART, "cudaStreamWaitEvent");
  if (call.status()) return call.status();
  Stream* stream = findStream(handle);
  const Event* found = findEvent(event);
  if (!stream || !found) return badHandle(call);
  if (found->capture) return waitInCapture(*stream, *found);
  // Waiting for an event that was never recorded does nothing, as in CUDA.
  std::shared_ptr<Record> record = found->last;
  if (!record) return SUCCESS;
  if (stream->capture) return crossIntoCapture(*stream);
  return put(handle, {[] { return 0; }, record, [record] { return reach(record); }});
}

STANDIN_API int cudaEventCreateWithFlags(void** event, unsigned) {
  Call call(Library::CUDART, "cudaEventCreateWithFlags");
  if (call.status()) return call.status();
  auto* created = new Event{nullptr, false, nullptr, {}};
  events.insert(created);
  state().live[EVENT]++;
  *event = created;
  return SUCCESS;
}

STANDIN_API int cudaEventDestroy(void* event) {
  Call call(Library::CUDART, "cudaEventDestroy");
  Event* found = findEvent(event);
  if (!found) return badHandle(call);
  events.erase(found);
  delete found;
  state().live[EVENT]--;
  return call.status();
}

STANDIN_API int cudaEventRecord(void* event, void* handle) {
  Call call(Library::CUDART, "cudaEventRecord");
  if (call.status()) return call.status();
  Event* found = findEvent(event);
  Stream* stream = findStream(handle);
  if (!stream || !found) return badHandle(call);
  if (stream->capture) return recordInCapture(*stream, *found);
  auto record = std::make_shared<Record>(Record{stream, false, 0});
  found->capture = nullptr;
  found->last = record;
  found->asked = false;
  return enqueue(handle, [record] {
    record->done = true;
    record->milliseconds = now();
    return 0;
  });
}

STANDIN_API int cudaEventQuery(void* event) {
  Call call(Library::CUDART, "cudaEventQuery");
  if (call.status()) return call.status();
  Event* found = findEvent(event);
  if (!found) return badHandle(call);
  if (const int error = askInCapture(call.function(), *found)) return error;
  if (!found->last || found->last->done) return finished();
  // The first query finds the work unfinished; a polling loop still ends.
  if (!found->asked) {
    found->asked = true;
    return NOT_READY;
  }
  if (!reach(found->last)) return NOT_READY;
  return finished();
}

STANDIN_API int cudaEventSynchronize(void* event) {
  Call call(Library::CUDART, "cudaEventSynchronize");
  if (call.status()) return call.status();
  const Event* found = findEvent(event);
  if (!found) return badHandle(call);
  if (const int error = askInCapture(call.function(), *found)) return error;
  if (found->last) wait(found->last);
  return finished();
}

STANDIN_API int cudaEventElapsedTime(float* milliseconds, void* from, void* to) {
  Call call(Library::CUDART, "cudaEventElapsedTime");
  if (call.status()) return call.status();
  const Event *first = findEvent(from), *second = findEvent(to);
  if (!first || !second) return badHandle(call);
  for (const Event* event : {first, second}) {
    if (event->capture) return raise(CAPTURED_EVENT, "%s of an event of a capture", call.function());
  }
  if (!first->last || !second->last) return badHandle(call);
  if (!first->last->done || !second->last->done) return NOT_READY;
  *milliseconds = (float) (second->last->milliseconds - first->last->milliseconds);
  return SUCCESS;
}
