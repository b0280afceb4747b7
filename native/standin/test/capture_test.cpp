// Captures, replays, and what a capture forbids; races between streams and between the branches of a graph.
#include "check.h"

#include <cstring>
#include <thread>

extern "C" {
int cudaMemsetAsync(void*, int, size_t, void*);
int cudaStreamBeginCapture(void*, int);
int cudaStreamEndCapture(void*, void**);
int cudaStreamIsCapturing(void*, int*);
int cudaGraphInstantiate(void**, void*, unsigned long long);
int cudaGraphUpload(void*, void*);
int cudaGraphLaunch(void*, void*);
int cudaMemGetInfo(size_t*, size_t*);
int cudaGraphExecDestroy(void*);
int cudaGraphDestroy(void*);
int cudaEventElapsedTime(float*, void*, void*);
}

namespace {

enum { CAPACITY = 1, REVERSED = 3, SHUFFLED = 9, LIVE_BYTES = 33, VIOLATIONS = 36, GRAPH_BYTES = 40, LIVE = 64 };
enum { GLOBAL, THREAD_LOCAL, RELAXED };

struct Stream {
  void* p;
  explicit Stream(unsigned flags = 1) { check(!cudaStreamCreateWithFlags(&p, flags), "a stream"); }
  ~Stream() { check(!cudaStreamDestroy(p), "destroy a stream"); }
};

struct Event {
  void* p;
  Event() { check(!cudaEventCreateWithFlags(&p, 2), "an event"); }
  ~Event() { check(!cudaEventDestroy(p), "destroy an event"); }
};

// Ends a capture and makes it executable.
struct Graph {
  void *graph = nullptr, *executable = nullptr;
  explicit Graph(const Stream& stream) {
    check(!cudaStreamEndCapture(stream.p, &graph), "end a capture");
    check(!cudaGraphInstantiate(&executable, graph, 0), "instantiate");
  }
  ~Graph() {
    check(!cudaGraphExecDestroy(executable), "destroy an executable graph");
    check(!cudaGraphDestroy(graph), "destroy a graph");
  }
};

std::vector<float> one(float value) { return std::vector<float>(1, value); }

float bits(int byte) {
  const int all = byte * 0x01010101;
  float f;
  memcpy(&f, &all, 4);
  return f;
}

void beginCapture(const Stream& s) { check(!cudaStreamBeginCapture(s.p, THREAD_LOCAL), "begin a capture"); }

void wait(const Stream& s, const Stream& other, const Event& e) {
  check(!cudaEventRecord(e.p, other.p) && !cudaStreamWaitEvent(s.p, e.p, 0), "one stream waits for another");
}

void replays() {
  Stream s;
  Array<float> a(one(1)), b(one(0)), c(one(0));
  void* pinned;
  cudaMallocHost(&pinned, 4);
  *(float*) pinned = 7;
  beginCapture(s);
  int status = 0;
  check(!cudaStreamIsCapturing(s.p, &status) && status == 1, "a capture goes on");
  cudaMemcpyAsync(b.p, a.p, 4, 3, s.p);
  cudaMemcpyAsync(c.p, pinned, 4, 1, s.p);
  cudaMemcpyAsync(a.p, c.p, 4, 3, s.p);
  {
    Graph graph(s);
    check(!cudaStreamIsCapturing(s.p, &status) && status == 0, "no capture goes on");
    check(b.get()[0] == 0 && c.get()[0] == 0, "a capture runs nothing");
    check(!cudaGraphLaunch(graph.executable, s.p), "launch");
    check(b.get()[0] == 0, "a launch that nobody waited for");
    cudaStreamSynchronize(s.p);
    check(a.get()[0] == 7 && b.get()[0] == 1 && c.get()[0] == 7, "a replay");
    *(float*) pinned = 9;
    check(!cudaGraphLaunch(graph.executable, s.p) && !cudaGraphLaunch(graph.executable, s.p), "again");
    cudaStreamSynchronize(s.p);
    check(a.get()[0] == 9 && b.get()[0] == 9, "two replays read what lies there then");
    check(!cudaGraphLaunch(graph.executable, s.p), "a launch before the end");
  }
  check(!cudaStreamSynchronize(s.p), "work outlives its graph");
  cudaFreeHost(pinned);
  check(cudaGraphLaunch(pinned, s.p) == 1 && cudaGraphExecDestroy(pinned) == 1 && cudaGraphDestroy(pinned) == 1
            && cudaGraphInstantiate(&pinned, pinned, 0) == 1, "what is no graph");
}

// Arguments are those of the capture, memory that of the replay.
void frozenArguments() {
  Stream s;
  Array<float> a(std::vector<float>({-1, 2, -3, 4, -1, 2, -3, 4}));
  void *library, *kernel;
  check(!cudaLibraryLoadData(&library, ".version vgg4j_relu_f32", 0, 0, 0, 0, 0, 0), "load");
  check(!cudaLibraryGetKernel(&kernel, library, "vgg4j_relu_f32"), "a kernel");
  void* x = a.p;
  long long count = 4;
  void* arguments[] = {&x, &x, &count};
  beginCapture(s);
  check(!cudaLaunchKernel(kernel, {1, 1, 1}, {32, 1, 1}, arguments, 0, s.p), "a launch in a capture");
  Graph graph(s);
  x = nullptr;
  count = 8;
  cudaGraphLaunch(graph.executable, s.p);
  check(!cudaStreamSynchronize(s.p) && a.get() == std::vector<float>({0, 2, 0, 4, -1, 2, -3, 4}), "frozen");
#ifndef __SANITIZE_ADDRESS__
  cudaLibraryUnload(library);
  cudaGraphLaunch(graph.executable, s.p);
  check(cudaStreamSynchronize(s.p) == 700, "a kernel whose library is gone");
  reset();
#else
  cudaLibraryUnload(library);
#endif
}

// Two nodes; the upload or else the first launch takes memory for them, and the end of the graph gives it back.
void memory() {
  Stream s;
  Array<float> a(one(1)), b(one(0));
  const size_t capacity = read(CAPACITY), held = read(LIVE_BYTES);
  check(read(GRAPH_BYTES) == 0, "no graph holds memory");
  for (const bool uploads : {true, false}) {
    beginCapture(s);
    cudaMemcpyAsync(b.p, a.p, 4, 3, s.p);
    cudaMemcpyAsync(a.p, b.p, 4, 3, s.p);
    Graph graph(s);
    check(read(GRAPH_BYTES) == 0, "what was never uploaded holds no memory");
    auto bring = [&] { return uploads ? cudaGraphUpload(graph.executable, s.p) : cudaGraphLaunch(graph.executable, s.p); };
    set(CAPACITY, held + 2 * 8192 - 1);
    check(bring() == 2 && read(GRAPH_BYTES) == 0, "too little memory for a graph");
    cudaGetLastError();
    set(CAPACITY, held + 2 * 8192);
    b.set(one(0));
    check(!bring() && read(GRAPH_BYTES) == 2 * 8192, "a graph takes memory");
    check(!cudaStreamSynchronize(s.p) && (b.get()[0] == 0) == uploads, "an upload runs nothing");
    size_t free, total;
    void* p;
    check(!cudaMemGetInfo(&free, &total) && free == 0 && cudaMalloc(&p, 1) == 2, "and leaves none to others");
    check(!cudaGraphUpload(graph.executable, s.p) && !cudaGraphLaunch(graph.executable, s.p), "but takes it once");
    check(!cudaStreamSynchronize(s.p) && b.get()[0] == 1 && read(GRAPH_BYTES) == 2 * 8192, "a launch after it");
    set(CAPACITY, capacity);
    cudaGetLastError();
  }
  check(read(GRAPH_BYTES) == 0, "all is given back");
  check(cudaGraphUpload(&s, s.p) == 1, "an upload of what is no graph");
}

void forksAndJoins() {
  Stream s, t;
  Event fork, join, old;
  Array<float> a(one(1)), b(one(0)), c(one(0));
  cudaEventRecord(old.p, s.p);
  beginCapture(s);
  check(!cudaEventRecord(fork.p, s.p) && !cudaStreamWaitEvent(t.p, fork.p, 0), "a fork before any work");
  int status = 0;
  check(!cudaStreamIsCapturing(t.p, &status) && status == 1, "the branch is captured, too");
  cudaMemcpyAsync(b.p, a.p, 4, 3, t.p);
  cudaMemsetAsync(c.p, 0x11, 4, s.p);
  wait(s, t, join);
  cudaMemcpyAsync(a.p, c.p, 4, 3, s.p);
  check(cudaEventElapsedTime((float*) &status, old.p, fork.p) == 907, "the time of an event of a capture");
  Graph graph(s);
  check(!cudaStreamIsCapturing(t.p, &status) && status == 0, "the branch ends with the capture");
  check(cudaStreamWaitEvent(t.p, join.p, 0) == 907, "a wait for an event of a capture that is over");
  for (const size_t seed : {0, 1, 2, 3, 4, 5}) {
    a.set(one(1));
    set(SHUFFLED, seed);
    cudaGraphLaunch(graph.executable, s.p);
    check(!cudaStreamSynchronize(s.p) && a.get()[0] == bits(0x11) && b.get()[0] == 1, "any order is right");
  }
  set(SHUFFLED, 0);
  check(!cudaEventRecord(join.p, s.p) && !cudaEventSynchronize(join.p), "an event serves again");
}

// Begins a capture, does what is forbidden, and finds that the capture is dead.
template <class F>
void forbidden(int error, const char* what, F call, int mode = THREAD_LOCAL, unsigned flags = 1) {
  Stream s(flags);
  check(!cudaStreamBeginCapture(s.p, mode), "begin a capture");
  check(call(s.p) == error, what);
  int status = 0;
  check(!cudaStreamIsCapturing(s.p, &status) && status == 2, "the capture is invalid");
  Array<float>* none = nullptr;
  check(cudaMemsetAsync(none, 0, 0, s.p) != 0, "it takes no work");
  void* graph = &s;
  check(cudaStreamEndCapture(s.p, &graph) == 901 && !graph, "and gives no graph");
  cudaGetLastError();
}

void errors() {
  Array<float> a(one(1));
  Stream other;
  Event outside, ofCapture;
  void *p, *graph = nullptr;
  float host = 0;
  cudaEventRecord(outside.p, other.p);
  forbidden(900, "an allocation", [&](void*) { return cudaMalloc(&p, 4); });
  forbidden(900, "a release", [&](void*) { return cudaFree(a.p); });
  forbidden(900, "pinned memory", [&](void*) { return cudaMallocHost(&p, 4); });
  forbidden(900, "a wait for the device", [&](void*) { return cudaDeviceSynchronize(); });
  forbidden(900, "a wait for the stream", [&](void* s) { return cudaStreamSynchronize(s); });
  forbidden(900, "a wait for another stream", [&](void*) { return cudaStreamSynchronize(other.p); });
  forbidden(900, "a wait in a relaxed capture", [&](void* s) { return cudaStreamSynchronize(s); }, RELAXED);
  forbidden(900, "a copy that waits", [&](void*) { return cudaMemcpy(&host, a.p, 4, 2); });
  forbidden(900, "a copy from pageable memory", [&](void* s) { return cudaMemcpyAsync(a.p, &host, 4, 1, s); });
  forbidden(900, "a query", [&](void*) { return cudaEventQuery(outside.p); });
  forbidden(900, "loading code", [&](void*) {
    return cudaLibraryLoadData(&p, ".version vgg4j_relu_f32", 0, 0, 0, 0, 0, 0);
  });
  forbidden(900, "another thread's call in a global capture", [&](void*) {
    int error = 0;
    std::thread([&] { error = cudaMalloc(&p, 4); }).join();
    return error;
  }, GLOBAL);
  beginCapture(other);
  Graph graphOfOther(other);
  forbidden(900, "an upload", [&](void* s) { return cudaGraphUpload(graphOfOther.executable, s); }, RELAXED);
  forbidden(905, "a wait for what is outside", [&](void* s) { return cudaStreamWaitEvent(s, outside.p, 0); });
  forbidden(906, "the null stream", [&](void*) { return cudaMemsetAsync(a.p, 0, 4, nullptr); }, RELAXED, 0);
  forbidden(907, "a wait for an event of a capture", [&](void* s) {
    cudaEventRecord(ofCapture.p, s);
    return cudaEventSynchronize(ofCapture.p);
  });
  forbidden(903, "the wrong stream", [&](void* s) {
    cudaEventRecord(ofCapture.p, s);
    cudaStreamWaitEvent(other.p, ofCapture.p, 0);
    return cudaStreamEndCapture(other.p, &graph);
  });
  forbidden(902, "a merge", [&](void* s) {
    check(!cudaStreamBeginCapture(other.p, THREAD_LOCAL), "a second capture");
    cudaEventRecord(ofCapture.p, other.p);
    const int error = cudaStreamWaitEvent(s, ofCapture.p, 0);
    check(cudaStreamEndCapture(other.p, &graph) == 901, "which dies, too");
    return error;
  });
  forbidden(908, "the wrong thread", [&](void* s) {
    int error = 0;
    std::thread([&] { error = cudaStreamEndCapture(s, &graph); }).join();
    return error;
  });
  {
    Stream blocking(0);
    int status = 0;
    check(!cudaStreamIsCapturing(nullptr, &status) && status == 0, "the null stream is not captured");
    check(!cudaStreamBeginCapture(blocking.p, RELAXED) && cudaStreamIsCapturing(nullptr, &status) == 906,
          "but would wait for a capture");
    check(!cudaStreamIsCapturing(blocking.p, &status) && status == 1, "which the question leaves alone");
    Graph unharmed(blocking);
  }
  Stream s;
  beginCapture(s);
  wait(other, s, ofCapture);
  cudaMemsetAsync(a.p, 0, 4, other.p);
  check(cudaStreamEndCapture(s.p, &graph) == 904 && !graph, "a branch that was not joined");
  check(cudaStreamEndCapture(s.p, &graph) == 401, "no capture");
  check(cudaStreamBeginCapture(nullptr, RELAXED) == 900, "the null stream cannot be captured");
  beginCapture(s);
  check(cudaStreamBeginCapture(s.p, THREAD_LOCAL) == 401, "a capture in a capture");
  std::thread([&] { check(!cudaMalloc(&p, 4) && !cudaFree(p), "other threads are free"); }).join();
  Graph empty(s);
  check(!cudaGraphLaunch(empty.executable, s.p) && !cudaStreamSynchronize(s.p), "an empty graph");
  cudaGetLastError();
}

// What the last of two writers leaves, in each of some orders.
template <class F>
std::vector<float> ends(F run) {
  std::vector<float> seen;
  for (size_t seed = 1; seed <= 12; seed++) {
    set(SHUFFLED, seed * 7919);
    seen.push_back(run());
    set(SHUFFLED, seed * 7919);
    check(run() == seen.back(), "a seed repeats its order");
  }
  set(SHUFFLED, 0);
  std::sort(seen.begin(), seen.end());
  return seen;
}

void racesOfBranches() {
  Stream s, t;
  Event fork, join;
  Array<float> a(one(0));
  for (const bool ordered : {false, true}) {
    beginCapture(s);
    wait(t, s, fork);
    cudaMemsetAsync(a.p, 0x11, 4, t.p);
    if (ordered) wait(s, t, join);
    cudaMemsetAsync(a.p, 0x22, 4, s.p);
    if (!ordered) wait(s, t, join);
    const size_t complaints = read(VIOLATIONS);
    Graph graph(s);
    check((read(VIOLATIONS) > complaints) != ordered, "branches that write to one place are found");
    auto run = [&] {
      cudaGraphLaunch(graph.executable, s.p);
      cudaStreamSynchronize(s.p);
      return a.get()[0];
    };
    const auto seen = ends(run);
    check(seen.back() == bits(0x22) && seen.front() == bits(ordered ? 0x22 : 0x11), "races of branches show");
    const float usual = run();
    set(REVERSED, 1);
    check((run() == usual) == ordered, "the reversed order shows");
    set(REVERSED, 0);
  }
}

void racesOfStreams() {
  Stream s, t;
  Event e;
  Array<float> a(one(0));
  for (const bool ordered : {false, true}) {
    const auto seen = ends([&] {
      cudaMemsetAsync(a.p, 0x11, 4, t.p);
      if (ordered) wait(s, t, e);
      cudaMemsetAsync(a.p, 0x22, 4, s.p);
      cudaDeviceSynchronize();
      return a.get()[0];
    });
    check(seen.back() == bits(0x22) && seen.front() == bits(ordered ? 0x22 : 0x11), "races of streams show");
  }
}

}  // namespace

void testCaptures() {
  const size_t live = read(LIVE + 9) + read(LIVE + 10);
  replays();
  frozenArguments();
  memory();
  forksAndJoins();
  errors();
  racesOfBranches();
  racesOfStreams();
  check(read(LIVE + 9) + read(LIVE + 10) == live, "no graph is left");
  reset();
}
