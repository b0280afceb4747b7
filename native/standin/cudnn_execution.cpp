// Executes plans: an interpreter over the operations of a graph.
#include <algorithm>
#include <map>

#include "arithmetic.h"
#include "cudnn_convolution.h"
#include "cudnn_engines.h"

namespace standin {

namespace {

const char* FUNCTION = "cudnnBackendExecute";

// Calls visit(index in planes, offset in the tensor), along rows of pixels.
template <class V>
void forEachElement(const Tensor& t, V visit) {
  const long N = t.sizes[0], C = t.sizes[1], H = t.sizes[2], W = t.sizes[3];
  for (long n = 0; n < N; n++) {
    for (long h = 0; h < H; h++) {
      for (long c = 0; c < C; c++) {
        const long row = ((c * N + n) * H + h) * W;
        const long offset = n * t.strides[0] + c * t.strides[1] + h * t.strides[2], step = t.strides[3];
        for (long w = 0; w < W; w++) visit(row + w, offset + w * step);
      }
    }
  }
}

Planes emptyPlanes(const Tensor& t) { return Planes(t.sizes[1], t.sizes[0], t.sizes[2], t.sizes[3]); }

Planes load(const Tensor& t, const void* p) {
  Planes planes = emptyPlanes(t);
  float* values = planes.values.data();
  if (t.type == DATA_BFLOAT16) {
    forEachElement(t, [=](long i, long at) { values[i] = fromBf16(((const uint16_t*) p)[at]); });
  } else {
    forEachElement(t, [=](long i, long at) { values[i] = ((const float*) p)[at]; });
  }
  return planes;
}

void store(const Tensor& t, const Planes& planes, void* p) {
  const float* values = planes.values.data();
  if (t.type == DATA_BFLOAT16) {
    forEachElement(t, [=](long i, long at) { ((uint16_t*) p)[at] = toBf16(values[i]); });
  } else {
    forEachElement(t, [=](long i, long at) { ((float*) p)[at] = values[i]; });
  }
}

// What an engine reads of a convolution's input.
Planes asRead(const Engine& engine, const Planes& planes) {
  Planes result = planes;
  if (engine.has(DOWN_CONVERT_INPUTS)) {
    for (float& v : result.values) v = fromBf16(toBf16(v));
  } else if (engine.has(TENSOR_CORE) || engine.has(WINOGRAD) || engine.has(FFT)) {
    // Transforms lose digits too, so a strict caller that takes them shows.
    for (float& v : result.values) v = toTf32(v);
  }
  return result;
}

// Where each element of `to` finds its value in `from`, whose sizes are the same or 1.
class Spread {
 public:
  Spread(const Planes& from, const Planes& to)
      : w_(from.width > 1), h_(from.height > 1 ? from.width : 0),
        n_(from.images > 1 ? from.height * from.width : 0),
        c_(from.channels > 1 ? from.pixels() : 0), to_(to) {}

  template <class V>
  void forEach(V visit) const {
    long i = 0;
    for (long c = 0; c < to_.channels; c++) {
      for (long n = 0; n < to_.images; n++) {
        for (long h = 0; h < to_.height; h++) {
          const long at = c * c_ + n * n_ + h * h_;
          for (long w = 0; w < to_.width; w++, i++) visit(i, at + w * w_);
        }
      }
    }
  }

 private:
  long w_, h_, n_, c_;
  const Planes& to_;
};

void pointwise(const Operation& o, const Planes& x, const Planes* other, Planes& y) {
  const float a = (float) o.alpha, b = (float) o.beta;
  Spread(x, y).forEach([&](long i, long at) { y.values[i] = a * x.values[at]; });
  switch (o.mode) {
    case RELU_FORWARD:
      for (float& v : y.values) v = o.keepsNan ? (v <= 0 ? 0 : v) : (v > 0 ? v : 0);
      return;
    case ADD:
      return Spread(*other, y).forEach([&](long i, long at) { y.values[i] += b * other->values[at]; });
    case MUL:
      return Spread(*other, y).forEach([&](long i, long at) { y.values[i] *= b * other->values[at]; });
    case RELU_BACKWARD:
      return Spread(*other, y).forEach([&](long i, long at) {
        y.values[i] = y.values[i] > 0 ? other->values[at] : 0;
      });
  }
}

void reduce(const Planes& x, Planes& y) {
  std::vector<double> sums(y.values.size());
  Spread(y, x).forEach([&](long i, long at) { sums[at] += x.values[i]; });
  for (size_t i = 0; i < sums.size(); i++) y.values[i] = (float) sums[i];
}

void statistics(const Planes& x, Planes& sum, Planes& squares) {
  for (long c = 0; c < x.channels; c++) {
    const float* plane = x.values.data() + c * x.pixels();
    double s = 0, q = 0;
    for (long i = 0; i < x.pixels(); i++) {
      s += plane[i];
      q += (double) plane[i] * plane[i];
    }
    sum.values[c] = (float) s;
    squares.values[c] = (float) q;
  }
}

// One execution: the values that operations have made or read so far, by tensor id.
class Run {
 public:
  Run(const Config& config, const std::map<long, void*>& pointers)
      : config_(config), pointers_(pointers) {}

  void operator()() {
    for (const OperationPointer& operation : config_.graph->operations) {
      std::vector<Planes> outputs;
      for (const TensorPointer& t : operation->outputs) outputs.push_back(emptyPlanes(*t));
      if (operation->isConvolution()) {
        convolve(*operation, outputs[0]);
      } else if (operation->kind == POINTWISE_OPERATION) {
        const Planes& x = value(*operation->inputs[0]);
        const bool one = operation->inputs.size() == 1;
        pointwise(*operation, x, one ? nullptr : &value(*operation->inputs[1]), outputs[0]);
      } else if (operation->kind == GENSTATS_OPERATION) {
        statistics(value(*operation->inputs[0]), outputs[0], outputs[1]);
      } else {
        reduce(value(*operation->inputs[0]), outputs[0]);
      }
      for (size_t i = 0; i < outputs.size(); i++) keep(*operation->outputs[i], outputs[i]);
    }
  }

 private:
  const Planes& value(const Tensor& t) {
    auto found = values_.find(t.id);
    if (found == values_.end()) found = values_.emplace(t.id, load(t, pointers_.at(t.id))).first;
    return found->second;
  }

  // Rounds to the tensor's type, whether it is stored or not.
  void keep(const Tensor& t, Planes& planes) {
    if (!t.isVirtual) store(t, planes, pointers_.at(t.id));
    if (t.type == DATA_BFLOAT16) {
      for (float& v : planes.values) v = fromBf16(toBf16(v));
    }
    values_[t.id] = std::move(planes);
  }

  void convolve(const Operation& o, Planes& output) {
    const Engine& engine = *config_.engine;
    const Planes a = asRead(engine, value(*o.inputs[0])), b = asRead(engine, value(*o.inputs[1]));
    const Scales scales = {o.alpha, o.beta};
    const Order order = engine.has(NONDETERMINISTIC) ? Order::CHANGING : Order::FIXED;
    if (o.beta != 0) output = load(*o.outputs[0], pointers_.at(o.outputs[0]->id));
    switch (o.kind) {
      case FORWARD_OPERATION: return convolveForward(a, b, *o.shape, scales, output);
      case DATA_OPERATION: return convolveData(a, b, *o.shape, scales, order, output);
      default: return convolveFilter(a, b, *o.shape, scales, order, output);
    }
  }

  const Config& config_;
  const std::map<long, void*>& pointers_;
  std::map<long, Planes> values_;
};

// What the pack binds, by id; the tensors of the graph must be all of it.
int readPack(const Graph& graph, const Descriptor& pack, std::map<long, void*>& pointers) {
  const std::vector<int64_t> ids = pack.values<int64_t>(PACK_UNIQUE_IDS);
  const std::vector<void*> all = pack.values<void*>(PACK_POINTERS);
  for (size_t i = 0; i < ids.size(); i++) pointers[ids[i]] = all[i];
  for (const TensorPointer& t : graph.bound) {
    if (pointers.count(t->id)) continue;
    return reject(DNN_BAD_PARAM, "%s: the pack binds nothing to tensor %ld, %s", FUNCTION, t->id,
                  t->text().c_str());
  }
  for (const int64_t id : ids) {
    const bool known = std::any_of(graph.bound.begin(), graph.bound.end(),
                                   [=](const TensorPointer& t) { return t->id == id; });
    if (!known) return reject(DNN_BAD_PARAM, "%s: the graph binds no tensor %ld", FUNCTION, (long) id);
  }
  return DNN_OK;
}

}  // namespace

int finalizePack(Descriptor& d) {
  std::vector<int64_t> ids = d.values<int64_t>(PACK_UNIQUE_IDS);
  const std::vector<void*> pointers = d.values<void*>(PACK_POINTERS);
  if (ids.size() != pointers.size()) {
    return reject(DNN_BAD_PARAM, "cudnnBackendFinalize: a variant pack of %zu ids and %zu pointers",
                  ids.size(), pointers.size());
  }
  std::sort(ids.begin(), ids.end());
  const auto twice = std::adjacent_find(ids.begin(), ids.end());
  if (twice != ids.end()) {
    return reject(DNN_BAD_PARAM, "cudnnBackendFinalize: a variant pack with id %ld twice", (long) *twice);
  }
  return DNN_OK;
}

int execute(DnnHandle* handle, const Descriptor& plan, const Descriptor& pack) {
  const std::shared_ptr<const Config> config = plan.config;
  const Graph& graph = *config->graph;
  std::map<long, void*> pointers;
  if (const int e = readPack(graph, pack, pointers)) return e;
  std::vector<Operand> operands;
  std::map<long, float> scalars;
  for (size_t i = 0; i < graph.bound.size(); i++) {
    const Tensor& t = *graph.bound[i];
    void* p = pointers[t.id];
    if (!t.isByValue) {
      operands.push_back({"tensor " + std::to_string(t.id) + ", " + t.text() + ",", p, t.bytes(),
                          t.alignment, (bool) graph.isWritten[i]});
    } else if (!p || isDevice(p)) {
      return reject(DNN_BAD_PARAM, "%s: tensor %ld is by value, but not on the host", FUNCTION, t.id);
    } else {
      memcpy(&scalars[t.id], p, t.bytes());  // read at the time of the call
    }
  }
  const size_t needed = config->workspaceBytes();
  void* workspace = pack.value<void*>(PACK_WORKSPACE, nullptr);
  if (needed) operands.push_back({"the workspace", workspace, needed, 16, true});
  if (const int e = checkOperands(FUNCTION, operands)) return e;
  return enqueueOn(handle, FUNCTION, operands, [=] {
    // An engine leaves garbage in the workspace it needs.
    if (needed) memset(workspace, 0xff, needed);
    std::map<long, void*> bound = pointers;
    for (const auto& scalar : scalars) bound[scalar.first] = (void*) &scalar.second;
    Run run(*config, bound);
    run();
  });
}

}  // namespace standin
