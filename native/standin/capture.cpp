#include "capture.h"

#include <algorithm>
#include <set>
#include <thread>

#include "state.h"
#include "streams.h"

namespace standin {

namespace {

struct Node {
  std::function<int()> run;
  std::vector<size_t> after;  // nodes before it in the list, so the list is in topological order
  std::vector<Place> written;
  std::function<bool()> ready;  // as an operation's; null for always
};

using Nodes = std::vector<Node>;

enum Mode { GLOBAL, THREAD_LOCAL, RELAXED };

}  // namespace

struct Capture {
  Stream* origin;
  int mode;
  std::thread::id thread;
  Nodes nodes;
  std::vector<Stream*> members;  // that take part now, the origin too
  bool invalidated = false, ended = false;
};

namespace {

struct Graph {
  std::shared_ptr<const Nodes> nodes;
};

// What was instantiated; work that is enqueued keeps the nodes alive, as CUDA does.
struct Executable {
  std::shared_ptr<const Nodes> nodes;
  size_t deviceBytes;  // that it holds, from its first upload or launch on
};

// Of device memory for each node. CUDA's number is not documented: that it takes some is the point.
const size_t NODE_BYTES = 8192;

std::vector<std::shared_ptr<Capture>> captures;  // that go on
std::set<Graph*> graphs;
std::set<Executable*> executables;

int invalidated() { return state().lastError = CAPTURE_INVALIDATED; }

void join(Stream& stream, const std::shared_ptr<Capture>& capture) {
  stream.capture = capture;
  stream.last.clear();
  capture->members.push_back(&stream);
}

void depend(Stream& stream, const std::vector<size_t>& nodes) {
  for (const size_t node : nodes) {
    if (std::find(stream.last.begin(), stream.last.end(), node) == stream.last.end()) {
      stream.last.push_back(node);
    }
  }
}

void end(const std::shared_ptr<Capture>& capture) {
  for (Stream* member : capture->members) {
    member->capture = nullptr;
    member->last.clear();
  }
  capture->ended = true;
  captures.erase(std::find(captures.begin(), captures.end(), capture));
}

// Whether the origin has come to depend on every node.
bool isJoined(const Capture& capture) {
  std::vector<bool> reached(capture.nodes.size());
  for (const size_t node : capture.origin->last) reached[node] = true;
  for (size_t i = reached.size(); i-- > 0;) {
    if (!reached[i]) return false;
    for (const size_t before : capture.nodes[i].after) reached[before] = true;
  }
  return true;
}

// Whether the null stream would wait for a capture.
bool isBlockingCaptured() {
  for (const std::shared_ptr<Capture>& capture : captures) {
    for (const Stream* member : capture->members) {
      if (member->blocking) return true;
    }
  }
  return false;
}

bool overlap(const std::vector<Place>& all, const std::vector<Place>& others) {
  for (const Place& a : all) {
    for (const Place& b : others) {
      if ((char*) a.p < (char*) b.p + b.bytes && (char*) b.p < (char*) a.p + a.bytes) return true;
    }
  }
  return false;
}

// Looks for nodes without a path between them that write to the same place, such as a shared workspace.
void checkWrites(const Nodes& nodes) {
  std::vector<std::vector<bool>> before(nodes.size());
  for (size_t i = 0; i < nodes.size(); i++) {
    before[i].resize(nodes.size());
    for (const size_t direct : nodes[i].after) {
      before[i][direct] = true;
      for (size_t j = 0; j < direct; j++) before[i][j] = before[i][j] || before[direct][j];
    }
    for (size_t j = 0; j < i; j++) {
      if (!before[i][j] && overlap(nodes[i].written, nodes[j].written)) {
        complain("nodes %zu and %zu of a graph write to the same place, and nothing orders them", j, i);
      }
    }
  }
}

// Takes the device memory of an executable graph, once; returns 0 or the CUDA error.
int takeMemory(Executable& executable) {
  State& s = state();
  const size_t bytes = executable.deviceBytes ? 0 : executable.nodes->size() * NODE_BYTES;
  // Out of memory is not a violation, so it is not reported as one.
  if (bytes > freeBytes()) return s.lastError = MEMORY_ALLOCATION;
  executable.deviceBytes += bytes;
  s.graphBytes += bytes;
  notePeak();
  return SUCCESS;
}

// A graph that runs: every node after those it depends on, and in the order of a control where nothing orders them.
class Replay {
 public:
  explicit Replay(std::shared_ptr<const Nodes> nodes)
      : nodes_(std::move(nodes)), missing_(nodes_->size()), next_(nodes_->size()) {
    for (size_t i = 0; i < nodes_->size(); i++) {
      missing_[i] = (*nodes_)[i].after.size();
      for (const size_t before : (*nodes_)[i].after) next_[before].push_back(i);
      if (!missing_[i]) ready_.push_back(i);
    }
  }

  // Runs what it can; returns false when what is left has to wait for other ranks.
  bool advance() {
    while (!ready_.empty()) {
      std::vector<size_t> able;
      for (const size_t node : ready_) {
        const auto& isReady = (*nodes_)[node].ready;
        if (!isReady || isReady()) able.push_back(node);
      }
      if (able.empty()) return false;
      const State& s = state();
      const size_t node = s.shuffled ? able[nextRandom() % able.size()]
          : s.reversed ? *std::max_element(able.begin(), able.end())
                       : *std::min_element(able.begin(), able.end());
      ready_.erase(std::find(ready_.begin(), ready_.end(), node));
      if ((error_ = (*nodes_)[node].run())) return true;
      for (const size_t after : next_[node]) {
        if (!--missing_[after]) ready_.push_back(after);
      }
    }
    return true;
  }

  int error() const { return error_; }

 private:
  const std::shared_ptr<const Nodes> nodes_;
  std::vector<size_t> missing_, ready_;
  std::vector<std::vector<size_t>> next_;
  int error_ = SUCCESS;
};

}  // namespace

int addNode(Stream& stream, std::function<int()> work, std::vector<Place> written, std::function<bool()> ready) {
  Capture& capture = *stream.capture;
  if (capture.invalidated) return invalidated();
  capture.nodes.push_back({std::move(work), stream.last, std::move(written), std::move(ready)});
  stream.last = {capture.nodes.size() - 1};
  return SUCCESS;
}

int recordInCapture(Stream& stream, Event& event) {
  if (stream.capture->invalidated) return invalidated();
  event.capture = stream.capture;
  event.nodes = stream.last;
  return SUCCESS;
}

int waitInCapture(Stream& stream, const Event& event) {
  const std::shared_ptr<Capture>& capture = event.capture;
  if (capture->ended) {
    return raise(CAPTURED_EVENT, "a wait for an event that was last recorded in a capture");
  }
  if (stream.capture && stream.capture != capture) {
    stream.capture->invalidated = capture->invalidated = true;
    return raise(CAPTURE_MERGE, "an event would merge two captures");
  }
  if (capture->invalidated) return invalidated();
  if (&stream == findStream(nullptr)) {
    capture->invalidated = true;
    return raise(CAPTURE_UNSUPPORTED, "the null stream cannot be captured");
  }
  if (!stream.capture) join(stream, capture);
  depend(stream, event.nodes);
  return SUCCESS;
}

int crossIntoCapture(Stream& stream) {
  if (stream.capture->invalidated) return invalidated();
  stream.capture->invalidated = true;
  return raise(CAPTURE_ISOLATION, "a capture waits for an event that was recorded outside of it");
}

int forbiddenInCapture(const char* function, Stream* stream) {
  bool forbidden = false;
  for (const std::shared_ptr<Capture>& capture : captures) {
    const bool mine = capture->thread == std::this_thread::get_id();
    if ((stream && stream->capture == capture) || capture->mode == GLOBAL
        || (capture->mode == THREAD_LOCAL && mine)) {
      forbidden = capture->invalidated = true;
    }
  }
  return forbidden ? raise(CAPTURE_UNSUPPORTED, "%s during a capture", function) : (int) SUCCESS;
}

int askInCapture(const char* function, const Event& event) {
  if (event.capture) {
    event.capture->invalidated = true;
    return raise(CAPTURED_EVENT, "%s of an event of a capture", function);
  }
  return forbiddenInCapture(function);
}

int useNullStream() {
  bool used = false;
  for (const std::shared_ptr<Capture>& capture : captures) {
    for (const Stream* member : capture->members) {
      if (member->blocking) used = capture->invalidated = true;
    }
  }
  return used ? raise(CAPTURE_IMPLICIT, "the null stream would wait for a capture") : (int) SUCCESS;
}

void leaveCapture(Stream& stream) {
  if (!stream.capture) return;
  const std::shared_ptr<Capture> capture = stream.capture;
  capture->invalidated = true;
  complain("a stream is destroyed while it is captured");
  if (capture->origin == &stream) {
    end(capture);
  } else {
    auto& members = capture->members;
    members.erase(std::find(members.begin(), members.end(), &stream));
  }
}

}  // namespace standin

using namespace standin;

STANDIN_API int cudaStreamBeginCapture(void* handle, int mode) {
  Call call(Library::CUDART, "cudaStreamBeginCapture");
  if (call.status()) return call.status();
  Stream* stream = findStream(handle);
  if (!stream) return raise(INVALID_RESOURCE_HANDLE, "cudaStreamBeginCapture: no such stream");
  if (mode < GLOBAL || mode > RELAXED) return raise(INVALID_VALUE, "no mode %d of captures", mode);
  if (stream == findStream(nullptr)) {
    return raise(CAPTURE_UNSUPPORTED, "the null stream cannot be captured");
  }
  if (stream->capture) return raise(ILLEGAL_STATE, "a stream is captured already");
  auto capture = std::make_shared<Capture>();
  capture->origin = stream;
  capture->mode = mode;
  capture->thread = std::this_thread::get_id();
  captures.push_back(capture);
  join(*stream, capture);
  return SUCCESS;
}

// Ends the capture even if it fails, and gives no graph then.
STANDIN_API int cudaStreamEndCapture(void* handle, void** graph) {
  Call call(Library::CUDART, "cudaStreamEndCapture");
  *graph = nullptr;
  Stream* stream = findStream(handle);
  if (!stream) return raise(INVALID_RESOURCE_HANDLE, "cudaStreamEndCapture: no such stream");
  const std::shared_ptr<Capture> capture = stream->capture;
  if (!capture) {
    return call.status() ? call.status() : raise(ILLEGAL_STATE, "no capture goes on in this stream");
  }
  if (capture->origin != stream) {
    capture->invalidated = true;
    return raise(CAPTURE_UNMATCHED, "a capture is ended in a stream that it did not begin in");
  }
  if (capture->mode != RELAXED && capture->thread != std::this_thread::get_id()) {
    capture->invalidated = true;
    return raise(CAPTURE_WRONG_THREAD, "a capture is ended by another thread");
  }
  const bool joined = isJoined(*capture);
  end(capture);
  if (call.status()) return call.status();
  if (capture->invalidated) return invalidated();
  if (!joined) return raise(CAPTURE_UNJOINED, "a branch of a capture was not joined");
  checkWrites(capture->nodes);
  auto* created = new Graph{std::make_shared<const Nodes>(std::move(capture->nodes))};
  graphs.insert(created);
  state().live[GRAPH]++;
  *graph = created;
  return SUCCESS;
}

STANDIN_API int cudaStreamIsCapturing(void* handle, int* status) {
  Call call(Library::CUDART, "cudaStreamIsCapturing");
  if (call.status()) return call.status();
  const Stream* stream = findStream(handle);
  if (!stream) return raise(INVALID_RESOURCE_HANDLE, "cudaStreamIsCapturing: no such stream");
  // A question is no use: the captures go on.
  if (stream == findStream(nullptr) && isBlockingCaptured()) return state().lastError = CAPTURE_IMPLICIT;
  *status = !stream->capture ? 0 : stream->capture->invalidated ? 2 : 1;
  return SUCCESS;
}

STANDIN_API int cudaGraphInstantiate(void** executable, void* graph, unsigned long long) {
  Call call(Library::CUDART, "cudaGraphInstantiate");
  if (call.status()) return call.status();
  if (!graphs.count((Graph*) graph)) {
    return raise(INVALID_VALUE, "cudaGraphInstantiate: no such graph");
  }
  if (const int error = forbiddenInCapture(call.function())) return error;
  auto* created = new Executable{((Graph*) graph)->nodes, 0};
  executables.insert(created);
  state().live[GRAPH_EXECUTABLE]++;
  *executable = created;
  return SUCCESS;
}

// Brings a graph's device memory forward from its first launch.
STANDIN_API int cudaGraphUpload(void* executable, void* stream) {
  Call call(Library::CUDART, "cudaGraphUpload");
  if (call.status()) return call.status();
  if (!executables.count((Executable*) executable)) {
    return raise(INVALID_VALUE, "cudaGraphUpload: no such executable graph");
  }
  if (!isStream(stream)) return raise(INVALID_RESOURCE_HANDLE, "cudaGraphUpload: no such stream");
  if (const int error = forbiddenInCapture(call.function(), findStream(stream))) return error;
  if (const int error = takeMemory(*(Executable*) executable)) return error;
  return enqueue(stream, [] { return 0; });
}

STANDIN_API int cudaGraphLaunch(void* executable, void* stream) {
  Call call(Library::CUDART, "cudaGraphLaunch");
  if (call.status()) return call.status();
  if (!executables.count((Executable*) executable)) {
    return raise(INVALID_VALUE, "cudaGraphLaunch: no such executable graph");
  }
  if (!isStream(stream)) return raise(INVALID_RESOURCE_HANDLE, "cudaGraphLaunch: no such stream");
  if (findStream(stream)->capture) {
    return raise(NOT_SUPPORTED, "the stand-in does not capture graphs inside graphs");
  }
  if (const int error = takeMemory(*(Executable*) executable)) return error;
  auto nodes = ((Executable*) executable)->nodes;
  // Begun when all before it has run, so that a launch sees memory as it is then.
  auto replay = std::make_shared<std::unique_ptr<Replay>>();
  return enqueue(
      stream, [replay] { return (*replay)->error(); }, {},
      [replay, nodes] {
        if (!*replay) *replay = std::make_unique<Replay>(nodes);
        return (*replay)->advance();
      });
}

STANDIN_API int cudaGraphExecDestroy(void* executable) {
  Call call(Library::CUDART, "cudaGraphExecDestroy");
  if (!executables.erase((Executable*) executable)) {
    return raise(INVALID_VALUE, "cudaGraphExecDestroy: no such executable graph");
  }
  state().graphBytes -= ((Executable*) executable)->deviceBytes;
  delete (Executable*) executable;
  state().live[GRAPH_EXECUTABLE]--;
  return call.status();
}

STANDIN_API int cudaGraphDestroy(void* graph) {
  Call call(Library::CUDART, "cudaGraphDestroy");
  if (!graphs.erase((Graph*) graph)) return raise(INVALID_VALUE, "cudaGraphDestroy: no such graph");
  delete (Graph*) graph;
  state().live[GRAPH]--;
  return call.status();
}
