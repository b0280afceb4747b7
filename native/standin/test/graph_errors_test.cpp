// Wrong calls of cuDNN's graph API, injected faults, and leaks.
#include "graph.h"

namespace {

// The call has the status, complains once, and says why.
void wrong(int status, int expected, const char* text, const char* what) {
  char complaint[1024], last[1024];
  set(MESSAGE, (size_t) complaint);
  cudnnGetLastErrorString(last, sizeof last);
  check(status == expected && read(VIOLATIONS) == 1 && !strcmp(complaint, last), what);
  check(strstr(last, text) != nullptr, last);
  reset();
}

void wrongDescriptors() {
  Graphs g;
  const Sizes s = {2, 3, 4, 5};
  void *t = g.tensor(1, F32, s), *open = g.make(17), *d;
  int64_t id = 7, count, two[2] = {1, 1}, values[4] = {2, 3, 4, 5};
  wrong(cudnnBackendCreateDescriptor(38, &d), NOT_SUPPORTED, "type 38", "a kind that is not there");
  wrong(cudnnBackendSetAttribute(t, 906, T_INT64, 1, &id), BAD_PARAM, "is final", "set what is final");
  wrong(cudnnBackendFinalize(t), BAD_PARAM, "already", "finalize twice");
  wrong(cudnnBackendSetAttribute(open, 906, T_FLOAT, 1, &id), 2010, "type 3, not 4", "a wrong type");
  wrong(cudnnBackendSetAttribute(open, 906, T_INT64, 2, two), BAD_PARAM, "2 elements", "a wrong count");
  wrong(cudnnBackendSetAttribute(open, 906, T_INT64, 1, nullptr), BAD_PARAM, "906", "a null pointer");
  wrong(cudnnBackendSetAttribute(open, 102, T_INT64, 1, &id), BAD_PARAM, "no attribute 102",
      "another's attribute");
  wrong(cudnnBackendGetAttribute(open, 902, T_INT64, 4, &count, values), 1001, "not final",
      "get what is not final");
  wrong(cudnnBackendGetAttribute(t, 902, T_FLOAT, 4, &count, values), 2010, "type 3, not 4",
      "get a wrong type");
  check(!cudnnBackendGetAttribute(t, 902, T_INT64, 2, &count, values) && count == 2, "get a part");
  wrong(cudnnBackendFinalize(open), BAD_PARAM, "without attribute", "a tensor without attributes");
  d = g.openTensor(2, F32, NHWC, s);
  g.set(d, 903, T_INT64, {60, 20, 5});
  wrong(cudnnBackendFinalize(d), BAD_PARAM, "4 dimensions and 3 strides", "strides of another number");
  d = g.openTensor(2, F32, NHWC, s);
  g.set(d, 903, T_INT64, {60, 1, 15, 2});
  wrong(cudnnBackendFinalize(d), BAD_PARAM, "in one place", "strides that overlap");
  d = g.openTensor(2, F32, NHWC, s);
  g.set(d, 901, T_DATA, {2});
  wrong(cudnnBackendFinalize(d), NOT_SUPPORTED, "data type 2", "half precision");
  check(!g.destroy(t), "destroy a tensor");
  wrong(cudnnBackendFinalize(t), BAD_PARAM, "not alive", "a dead descriptor");
  wrong(cudnnBackendDestroyDescriptor(t), BAD_PARAM, "not alive", "destroyed twice");
}

// Operations, graphs and plans whose parts do not fit.
void wrongGraphs() {
  Graphs g;
  const Problem& s = FUSED;
  void *shape = g.shape(1, 1, 1, 1), *x = g.tensor(1, F32, s.x()), *w = g.tensor(2, F32, s.filter());
  void *y = g.tensor(3, F32, s.y()), *open = g.openTensor(9, F32, NHWC, s.y());
  auto convolution = [&](void* image, void* filter, void* output, void* descriptor) {
    void* d = g.make(10);
    g.set(d, 702, descriptor);
    g.set(d, 703, filter);
    g.set(d, 704, image);
    g.set(d, 705, output);
    return cudnnBackendFinalize(d);
  };
  wrong(convolution(x, w, g.tensor(3, F32, {s.n, s.k, s.p(), s.q() + 1}), shape), 2008, "do not fit",
      "a wrong size");
  wrong(convolution(x, g.tensor(2, F32, {s.c, s.k, 3, 3}), y, shape), 2008, "do not fit",
      "K and C exchanged");
  wrong(convolution(x, w, open, shape), 2004, "not final", "a tensor that is not final");
  wrong(convolution(x, w, y, x), BAD_PARAM, "no convolution descriptor",
      "a tensor as convolution descriptor");
  wrong(convolution(x, shape, y, shape), BAD_PARAM, "no tensor", "a convolution descriptor as tensor");
  void* gone = g.tensor(4, F32, s.x());
  void* d = g.make(10);
  g.set(d, 704, gone);
  g.set(d, 702, shape);
  g.set(d, 703, w);
  wrong(cudnnBackendFinalize(d), BAD_PARAM, "without attribute 705", "no output");
  g.set(d, 705, y);
  check(!g.destroy(gone), "destroy x");
  wrong(cudnnBackendFinalize(d), BAD_PARAM, "not alive", "a part that is dead");
  const int64_t three[3] = {1, 1, 1};
  d = g.make(1);
  g.set(d, 106, T_INT64, {2});
  g.set(d, 100, T_DATA, {F32});
  g.set(d, 101, 7, {1});
  for (const int name : {102, 103, 104, 105}) cudnnBackendSetAttribute(d, name, T_INT64,
      name == 103 ? 3 : 2, three);
  wrong(cudnnBackendFinalize(d), BAD_PARAM, "3 values", "three strides");

  void* good = g.convolution('F', shape, x, w, y);
  wrong(cudnnBackendFinalize(g.openGraph({good, good})), BAD_PARAM, "two operations write",
      "an operation twice");
  wrong(cudnnBackendFinalize(g.openGraph({x})), BAD_PARAM, "among the operations", "a tensor in a graph");
  void* twin = g.tensor(1, F32, s.filter());
  wrong(cudnnBackendFinalize(g.openGraph({g.convolution('F', shape, x, twin, y)})), BAD_PARAM,
      "two tensors have the id 1", "an id for two tensors");
  void *unread = g.virtualTensor(5, F32, s.y()), *unwritten = g.virtualTensor(6, F32, s.x());
  wrong(cudnnBackendFinalize(g.openGraph({g.convolution('F', shape, x, w, unread)})), BAD_PARAM,
      "reads the virtual tensor 5", "an unread virtual tensor");
  wrong(cudnnBackendFinalize(g.openGraph({g.convolution('F', shape, unwritten, w, y)})), BAD_PARAM,
      "writes the virtual tensor 6", "an unwritten virtual tensor");
  d = g.make(15);
  cudnnBackendSetAttribute(d, 801, T_DESCRIPTOR, 1, &good);
  wrong(cudnnBackendFinalize(d), BAD_PARAM, "without attribute 800", "a graph without a handle");
  void *dead = g.dnn, *another = g.make(15);
  check(!cudnnCreate(&dead) && !cudnnDestroy(dead), "a handle that dies");
  wrong(cudnnBackendSetAttribute(another, 800, T_HANDLE, 1, &dead), BAD_PARAM, "not alive",
      "a dead handle");
  d = g.make(4);
  g.set(d, 201, x);
  g.set(d, 200, 8, {3});
  wrong(cudnnBackendFinalize(d), BAD_PARAM, "no operation graph", "heuristics of a tensor");
  // A configuration that no heuristics filled.
  d = g.make(5);
  g.set(d, 401, g.make(3));
  check(!cudnnBackendSetAttribute(d, 400, T_HANDLE, 1, &g.dnn), "a handle");
  wrong(cudnnBackendFinalize(d), 2004, "not final", "a plan of an empty configuration");
  // What is final holds what it needs.
  void *own = g.shape(1, 1, 1, 1), *a = g.tensor(1, F32, s.x());
  void* operation = g.convolution('F', own, a, w, y);
  check(!g.destroy(own) && !g.destroy(a), "destroy the parts");
  void* graph = g.graph({operation});
  check(!g.destroy(operation), "destroy the operation");
  void* config = g.offers(graph, 3).at(0);
  check(!g.destroy(graph), "destroy the graph");
  check(g.plan(config) != nullptr, "a plan without its parts");
}

void wrongExecutions() {
  Graphs g;
  const Problem& s = FUSED;
  Values x(F32, s.x(), 1), w(F32, s.filter(), 2), y(F32, s.y());
  void* graph = g.graph({g.convolution('F', g.shape(1, 1, 1, 1), g.tensor(1, F32, s.x()), g.tensor(2,
      F32, s.filter()), g.tensor(3, F32, s.y()))});
  void* plan = g.plan(g.offers(graph, 3).at(0));
  const int64_t bytes = g.workspace(plan);
  Array<char> scratch(bytes + 4), small(bytes - 1);
  auto execute = [&](const std::vector<int64_t>& ids, const std::vector<void*>& pointers, void* workspace) {
    return cudnnBackendExecute(g.dnn, plan, g.finish(g.openPack(ids, pointers, workspace), "a pack"));
  };
  void *px = x.memory.p, *pw = w.memory.p, *py = y.memory.p;
  std::vector<char> host(1 << 16);
  wrong(execute({1, 2}, {px, pw}, scratch.p), BAD_PARAM, "binds nothing to tensor 3", "an unbound tensor");
  wrong(execute({1, 2, 3, 4}, {px, pw, py, px}, scratch.p), BAD_PARAM, "binds no tensor 4",
      "an unknown id");
  wrong(execute({1, 2, 3}, {py, pw, py}, scratch.p), BAD_PARAM, "overlaps", "an output that is an input");
  wrong(execute({1, 2, 3}, {host.data(), pw, py}, scratch.p), BAD_PARAM, "not a device pointer",
      "a host pointer");
  wrong(execute({1, 2, 3}, {px, nullptr, py}, scratch.p), BAD_PARAM, "not a device pointer",
      "a null pointer");
  wrong(execute({1, 2, 3}, {(char*) px + 4, pw, py}, scratch.p), 2003, "not aligned to 16",
      "a misaligned pointer");
  wrong(execute({1, 2, 3}, {px, pw, py}, nullptr), BAD_PARAM, "the workspace", "no workspace");
  wrong(execute({1, 2, 3}, {px, pw, py}, scratch.p + 4), 2003, "the workspace", "a misaligned workspace");
  wrong(execute({1, 2, 3}, {px, pw, py}, small.p), 5000, "exceed", "a workspace that is too small");
  wrong(execute({1, 2, 3}, {pw, px, py}, scratch.p), 5000, "exceed", "operands exchanged");
  wrong(cudnnBackendFinalize(g.openPack({1, 2}, {px}, nullptr)), BAD_PARAM, "2 ids and 1 pointers",
      "a pointer too few");
  wrong(cudnnBackendFinalize(g.openPack({1, 1}, {px, px}, nullptr)), BAD_PARAM, "id 1 twice",
      "an id twice");
  void* pack = g.openPack({1, 2, 3}, {px, pw, py}, scratch.p);
  wrong(cudnnBackendExecute(g.dnn, plan, pack), 2004, "not final", "a pack that is not final");
  g.finish(pack, "a pack");
  wrong(cudnnBackendExecute(g.dnn, pack, plan), BAD_PARAM, "a variant pack and a plan",
      "plan and pack exchanged");
  wrong(cudnnBackendExecute(nullptr, plan, pack), BAD_PARAM, "handle", "no handle");
  check(!cudnnBackendExecute(g.dnn, plan, pack), "execute");
  check(y.get()[0] == y.get()[0], "and wait");
  check((unsigned char) scratch.get()[bytes - 1] == 0xff, "the workspace holds garbage");
  void* freed;
  {
    Values early(F32, s.x(), 1);
    freed = early.memory.p;
  }
  wrong(execute({1, 2, 3}, {freed, pw, py}, scratch.p), 5000, "exceed", "freed memory");
  void* stale = plan;
  check(!g.destroy(plan), "destroy the plan");
  wrong(cudnnBackendExecute(g.dnn, stale, pack), BAD_PARAM, "not alive", "a dead plan");
}

void faultsAndLeaks() {
  const Problem& s = FUSED;
  {
    Graphs g;
    check(read(DESCRIPTORS) == 0, "no descriptors at first");
    void *t = g.make(17), *none = nullptr;
    int64_t id = 1, count = 0;
    check(read(DESCRIPTORS) == 1, "descriptors are counted");
    faults("cudnnBackendCreateDescriptor@1=4003");
    check(cudnnBackendCreateDescriptor(17, &none) == 4003 && !none && read(DESCRIPTORS) == 1,
        "creating fails");
    faults("cudnnBackendSetAttribute@2=2000");
    check(!cudnnBackendSetAttribute(t, 906, T_INT64, 1, &id), "the first");
    check(cudnnBackendSetAttribute(t, 906, T_INT64, 1, &id) == 2000, "the second fails");
    faults("cudnnBackendFinalize@1=3000");
    void* f = g.openTensor(1, F32, NHWC, s.x());
    check(cudnnBackendFinalize(f) == 3000, "finalizing fails");
    check(!cudnnBackendFinalize(f), "and may be tried again");
    faults("cudnnBackendGetAttribute@1");
    check(cudnnBackendGetAttribute(f, 906, T_INT64, 1, &count, &id) == 5000, "getting fails");
    faults("cudnnBackendDestroyDescriptor@1=5000");
    check(g.destroy(t) == 5000, "destroying fails");
    check(read(DESCRIPTORS) == 1, "and still destroys");
    reset();
    Values x(F32, s.x(), 1), w(F32, s.filter(), 2), y(F32, s.y());
    void* plan = firstPlan(g, {g.convolution('F', g.shape(1, 1, 1, 1), f, g.tensor(2, F32, s.filter()),
        g.tensor(3, F32, s.y()))});
    const std::vector<void*> pointers = {x.memory.p, w.memory.p, y.memory.p};
    faults("cudnnBackendExecute@1=5000");
    check(g.run(plan, {1, 2, 3}, pointers) == 5000, "executing fails");
    faults("cudnnBackendExecute@1=700~");
    check(!g.run(plan, {1, 2, 3}, pointers) && cudaDeviceSynchronize() == 700, "executing fails later");
    reset();
    check(read(VIOLATIONS) == 0, "faults are no violations");
  }
  check(read(DESCRIPTORS) == 0, "no descriptors are left");
}

}  // namespace

void testGraphErrors() {
  wrongDescriptors();
  wrongGraphs();
  wrongExecutions();
  faultsAndLeaks();
  reset();
}
