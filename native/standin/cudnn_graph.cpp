#include "cudnn_graph.h"

#include <algorithm>
#include <map>

namespace standin {

namespace {

const char* FUNCTION = "cudnnBackendFinalize";
enum { CROSS_CORRELATION = 1 };

TensorPointer tensorOf(const Descriptor& descriptor, int name) {
  std::shared_ptr<Descriptor> reference = descriptor.reference(name);
  return reference ? reference->tensor : nullptr;
}

// Whether two elements share memory: each stride must exceed what the smaller ones cover.
bool overlapsItself(const Tensor& tensor) {
  std::vector<std::pair<long, long>> dimensions;  // stride, size
  for (size_t i = 0; i < tensor.sizes.size(); i++) {
    if (tensor.sizes[i] > 1) dimensions.push_back({tensor.strides[i], tensor.sizes[i]});
  }
  std::sort(dimensions.begin(), dimensions.end());
  long covered = 0;
  for (const auto& d : dimensions) {
    if (d.first <= covered) return true;
    covered += d.first * (d.second - 1);
  }
  return false;
}

bool isSpreadable(const Tensor& from, const Tensor& to) {
  if (from.sizes.size() != to.sizes.size()) return false;
  for (size_t i = 0; i < to.sizes.size(); i++) {
    if (from.sizes[i] != to.sizes[i] && from.sizes[i] != 1) return false;
  }
  return true;
}

int readTensors(const Descriptor& descriptor, std::initializer_list<int> names,
                std::vector<TensorPointer>& tensors) {
  for (const int name : names) {
    TensorPointer tensor = tensorOf(descriptor, name);
    if (!tensor) {
      return reject(DNN_BAD_PARAM, "%s: attribute %d of a %s is no tensor", FUNCTION, name,
                    nameOf(descriptor.type));
    }
    if (tensor->sizes.size() != 4) {
      return reject(DNN_NOT_SUPPORTED, "%s: a %s of a tensor with %zu dimensions", FUNCTION,
                    nameOf(descriptor.type), tensor->sizes.size());
    }
    tensors.push_back(tensor);
  }
  return DNN_OK;
}

int readConvolution(const Descriptor& d, Operation& o) {
  const bool forward = d.type == FORWARD_OPERATION, data = d.type == DATA_OPERATION;
  const int w = forward ? FORWARD_W : data ? DATA_W : FILTER_DW;
  const int x = forward ? FORWARD_X : data ? DATA_DX : FILTER_X;
  const int y = forward ? FORWARD_Y : data ? DATA_DY : FILTER_DY;
  const int shape = forward ? FORWARD_CONVOLUTION : data ? DATA_CONVOLUTION : FILTER_CONVOLUTION;
  std::vector<TensorPointer> all;
  if (const int e = readTensors(d, {x, w, y}, all)) return e;
  o.shape = d.reference(shape)->convolution;
  if (!o.shape) {
    return reject(DNN_BAD_PARAM, "%s: attribute %d of a %s is no convolution descriptor", FUNCTION,
                  shape, nameOf(d.type));
  }
  const std::vector<long> &xs = all[0]->sizes, &ws = all[1]->sizes, &ys = all[2]->sizes;
  bool fits = xs[0] == ys[0] && xs[1] == ws[1] && ws[0] == ys[1];
  for (int i = 0; i < 2; i++) {
    const long reach = (ws[2 + i] - 1) * o.shape->dilation[i] + 1;
    const long padded = xs[2 + i] + o.shape->before[i] + o.shape->after[i];
    fits &= padded >= reach && ys[2 + i] == (padded - reach) / o.shape->stride[i] + 1;
  }
  if (!fits) {
    return reject(DNN_SHAPE_MISMATCH, "%s: a %s whose x %s, w %s and y %s do not fit", FUNCTION,
                  nameOf(d.type), all[0]->text().c_str(), all[1]->text().c_str(),
                  all[2]->text().c_str());
  }
  const int output = forward ? 2 : data ? 0 : 1;
  for (const int i : {0, 1, 2}) (i == output ? o.outputs : o.inputs).push_back(all[i]);
  const int alpha = forward ? FORWARD_ALPHA : data ? DATA_ALPHA : FILTER_ALPHA;
  const int beta = forward ? FORWARD_BETA : data ? DATA_BETA : FILTER_BETA;
  o.alpha = d.number(alpha, 1);
  o.beta = d.number(beta, 0);
  if (o.beta != 0 && o.outputs[0]->isVirtual) {
    return reject(DNN_BAD_PARAM, "%s: a %s with beta %g and a virtual output", FUNCTION, nameOf(d.type),
                  o.beta);
  }
  return DNN_OK;
}

int readPointwise(const Descriptor& d, Operation& o) {
  const std::shared_ptr<Descriptor> pointwise = d.reference(POINTWISE_DESCRIPTOR);
  if (pointwise->type != POINTWISE) {
    return reject(DNN_BAD_PARAM, "%s: a %s where a pointwise descriptor belongs", FUNCTION,
                  nameOf(pointwise->type));
  }
  o.mode = pointwise->value<int>(POINTWISE_MODE, -1);
  o.keepsNan = pointwise->value<int>(POINTWISE_NAN_PROPAGATION, 0) == 1;
  o.alpha = d.number(POINTWISE_ALPHA1, 1);
  o.beta = d.number(POINTWISE_ALPHA2, 1);
  const bool backward = o.mode == RELU_BACKWARD, binary = o.mode == ADD || o.mode == MUL;
  if (d.has(POINTWISE_B) != binary || d.has(POINTWISE_DY) != backward
      || d.has(POINTWISE_DX) != backward || d.has(POINTWISE_Y) == backward) {
    return reject(DNN_BAD_PARAM, "%s: tensors too many or too few for pointwise mode %d", FUNCTION,
                  o.mode);
  }
  if (const int e = readTensors(d, {POINTWISE_X}, o.inputs)) return e;
  if (binary) {
    if (const int e = readTensors(d, {POINTWISE_B}, o.inputs)) return e;
  }
  if (backward) {
    if (const int e = readTensors(d, {POINTWISE_DY}, o.inputs)) return e;
  }
  if (const int e = readTensors(d, {backward ? POINTWISE_DX : POINTWISE_Y}, o.outputs)) return e;
  for (const TensorPointer& input : o.inputs) {
    if (!isSpreadable(*input, *o.outputs[0])) {
      return reject(DNN_SHAPE_MISMATCH, "%s: %s cannot be spread over %s", FUNCTION,
                    input->text().c_str(), o.outputs[0]->text().c_str());
    }
  }
  return DNN_OK;
}

int readStatistics(const Descriptor& d, Operation& o) {
  if (d.value<int>(GENSTATS_MODE, -1) != 0 || d.value<int>(GENSTATS_PRECISION, -1) != DATA_FLOAT) {
    return reject(DNN_NOT_SUPPORTED, "%s: statistics other than sums in fp32", FUNCTION);
  }
  if (const int e = readTensors(d, {GENSTATS_X}, o.inputs)) return e;
  if (const int e = readTensors(d, {GENSTATS_SUM, GENSTATS_SQUARES}, o.outputs)) return e;
  for (const TensorPointer& output : o.outputs) {
    if (!output->isPerChannel(o.inputs[0]->sizes[1]) || output->type != DATA_FLOAT) {
      return reject(DNN_SHAPE_MISMATCH, "%s: statistics of %s in %s, not in one fp32 a channel",
                    FUNCTION, o.inputs[0]->text().c_str(), output->text().c_str());
    }
  }
  return DNN_OK;
}

int readReduction(const Descriptor& d, Operation& o) {
  const std::shared_ptr<Descriptor> reduction = d.reference(REDUCTION_DESCRIPTOR);
  if (reduction->type != REDUCTION) {
    return reject(DNN_BAD_PARAM, "%s: a %s where a reduction descriptor belongs", FUNCTION,
                  nameOf(reduction->type));
  }
  if (const int e = readTensors(d, {REDUCTION_X}, o.inputs)) return e;
  if (const int e = readTensors(d, {REDUCTION_Y}, o.outputs)) return e;
  if (!isSpreadable(*o.outputs[0], *o.inputs[0])) {
    return reject(DNN_SHAPE_MISMATCH, "%s: %s cannot be reduced to %s", FUNCTION,
                  o.inputs[0]->text().c_str(), o.outputs[0]->text().c_str());
  }
  return DNN_OK;
}

// Collects the graph's tensors and checks that each has one meaning and one writer.
class Collector {
 public:
  int add(const OperationPointer& operation) {
    for (const TensorPointer& tensor : operation->inputs) {
      if (const int e = remember(tensor)) return e;
      readers_[tensor->id]++;
    }
    for (const TensorPointer& tensor : operation->outputs) {
      if (const int e = remember(tensor)) return e;
      if (writers_[tensor->id]++) {
        return reject(DNN_BAD_PARAM, "%s: two operations write tensor %ld", FUNCTION, tensor->id);
      }
    }
    return DNN_OK;
  }

  // Whether nothing in the graph writes the tensor.
  bool isGiven(const Tensor& tensor) { return writers_[tensor.id] == 0; }

  int finish(Graph& graph) {
    for (const auto& entry : tensors_) {
      const Tensor& tensor = *entry.second;
      const bool written = !isGiven(tensor);
      if (tensor.isVirtual && (!written || readers_[tensor.id] == 0)) {
        return reject(DNN_BAD_PARAM, "%s: nothing %s the virtual tensor %ld", FUNCTION,
                      written ? "reads" : "writes", tensor.id);
      }
      if (tensor.isVirtual) continue;
      graph.bound.push_back(entry.second);
      graph.isWritten.push_back(written);
    }
    return DNN_OK;
  }

 private:
  int remember(const TensorPointer& tensor) {
    TensorPointer& known = tensors_[tensor->id];
    // The real one accepts this and computes nonsense.
    if (known && known != tensor) {
      return reject(DNN_BAD_PARAM, "%s: two tensors have the id %ld", FUNCTION, tensor->id);
    }
    known = tensor;
    return DNN_OK;
  }

  std::map<long, TensorPointer> tensors_;
  std::map<long, int> readers_, writers_;
};

}  // namespace

long Tensor::count() const {
  long product = 1;
  for (const long size : sizes) product *= size;
  return product;
}

size_t Tensor::bytes() const {
  long last = 0;
  for (size_t i = 0; i < sizes.size(); i++) last += (sizes[i] - 1) * strides[i];
  return (size_t) (last + 1) * (type == DATA_BFLOAT16 ? 2 : 4);
}

bool Tensor::isChannelsLast() const {
  long expected = 1;
  for (const int i : {1, 3, 2, 0}) {
    if (sizes[i] > 1 && strides[i] != expected) return false;
    expected *= sizes[i];
  }
  return true;
}

bool Tensor::isPerChannel(long channels) const {
  return sizes == std::vector<long>{1, channels, 1, 1};
}

std::string Tensor::text() const {
  std::string text = type == DATA_BFLOAT16 ? "bf16" : "fp32";
  for (size_t i = 0; i < sizes.size(); i++) text += (i ? "x" : " ") + std::to_string(sizes[i]);
  return text;
}

char Operation::letter() const {
  switch (kind) {
    case FORWARD_OPERATION: return 'F';
    case DATA_OPERATION: return 'D';
    case FILTER_OPERATION: return 'W';
    case GENSTATS_OPERATION: return 'G';
    case REDUCTION_OPERATION: return 'S';
    default: return mode == ADD ? 'A' : mode == MUL ? 'M' : mode == RELU_FORWARD ? 'R' : 'B';
  }
}

OperationPointer Graph::convolution() const {
  OperationPointer only;
  for (const OperationPointer& operation : operations) {
    if (!operation->isConvolution()) continue;
    if (only) return nullptr;
    only = operation;
  }
  return only;
}

int finalizeTensor(Descriptor& d) {
  auto tensor = std::make_shared<Tensor>();
  const std::vector<int64_t> sizes = d.values<int64_t>(TENSOR_DIMENSIONS);
  const std::vector<int64_t> strides = d.values<int64_t>(TENSOR_STRIDES);
  tensor->id = d.value<int64_t>(TENSOR_UNIQUE_ID, 0);
  tensor->type = d.value<int>(TENSOR_DATA_TYPE, -1);
  tensor->isVirtual = d.value<char>(TENSOR_IS_VIRTUAL, 0) != 0;
  tensor->isByValue = d.value<char>(TENSOR_IS_BY_VALUE, 0) != 0;
  tensor->alignment = d.value<int64_t>(TENSOR_ALIGNMENT, 0);
  if (sizes.size() != strides.size() || sizes.size() > 8) {
    return reject(DNN_BAD_PARAM, "%s: a tensor of %zu dimensions and %zu strides", FUNCTION,
                  sizes.size(), strides.size());
  }
  tensor->sizes.assign(sizes.begin(), sizes.end());
  tensor->strides.assign(strides.begin(), strides.end());
  for (size_t i = 0; i < sizes.size(); i++) {
    if (sizes[i] >= 1 && strides[i] >= 1) continue;
    return reject(DNN_BAD_PARAM, "%s: dimension %zu of tensor %ld has size %ld and stride %ld", FUNCTION,
                  i, tensor->id, (long) sizes[i], (long) strides[i]);
  }
  if (tensor->type != DATA_FLOAT && tensor->type != DATA_BFLOAT16) {
    return reject(DNN_NOT_SUPPORTED, "%s: data type %d is not in the stand-in", FUNCTION, tensor->type);
  }
  if (overlapsItself(*tensor)) {
    return reject(DNN_BAD_PARAM, "%s: strides of tensor %ld, %s, put two elements in one place", FUNCTION,
                  tensor->id, tensor->text().c_str());
  }
  const size_t a = tensor->alignment;
  if (a < (tensor->type == DATA_BFLOAT16 ? 2u : 4u) || (a & (a - 1))) {
    return reject(DNN_BAD_PARAM, "%s: an alignment of %zu bytes", FUNCTION, a);
  }
  if (tensor->isVirtual && tensor->isByValue) {
    return reject(DNN_BAD_PARAM, "%s: a tensor that is virtual and by value", FUNCTION);
  }
  if (tensor->isByValue && tensor->count() != 1) {
    return reject(DNN_BAD_PARAM, "%s: a tensor by value, %s", FUNCTION, tensor->text().c_str());
  }
  d.tensor = tensor;
  return DNN_OK;
}

int finalizeConvolution(Descriptor& d) {
  auto shape = std::make_shared<ConvolutionShape>();
  if (d.value<int64_t>(CONVOLUTION_SPATIAL_DIMS, 0) != 2) {
    return reject(DNN_NOT_SUPPORTED, "%s: a convolution in other than 2 dimensions", FUNCTION);
  }
  if (d.value<int>(CONVOLUTION_TYPE, -1) != DATA_FLOAT) {
    return reject(DNN_NOT_SUPPORTED, "%s: a convolution that does not sum in fp32", FUNCTION);
  }
  // cuDNN has both modes; no net here uses the flipped one.
  if (d.value<int>(CONVOLUTION_MODE, -1) != CROSS_CORRELATION) {
    return reject(DNN_NOT_SUPPORTED, "%s: not a cross-correlation", FUNCTION);
  }
  const struct {
    int name;
    long* into;
    long least;
  } parts[] = {{CONVOLUTION_PRE_PADDINGS, shape->before, 0},
               {CONVOLUTION_POST_PADDINGS, shape->after, 0},
               {CONVOLUTION_STRIDES, shape->stride, 1},
               {CONVOLUTION_DILATIONS, shape->dilation, 1}};
  for (const auto& part : parts) {
    const std::vector<int64_t> values = d.values<int64_t>(part.name);
    if (values.size() != 2 || values[0] < part.least || values[1] < part.least) {
      return reject(DNN_BAD_PARAM, "%s: attribute %d of a convolution descriptor has %zu values, or one "
                    "below %ld", FUNCTION, part.name, values.size(), part.least);
    }
    std::copy(values.begin(), values.end(), part.into);
  }
  d.convolution = shape;
  return DNN_OK;
}

int finalizePointwise(Descriptor& d) {
  const int mode = d.value<int>(POINTWISE_MODE, -1);
  if (mode != ADD && mode != MUL && mode != RELU_FORWARD && mode != RELU_BACKWARD) {
    return reject(DNN_NOT_SUPPORTED, "%s: pointwise mode %d is not in the stand-in", FUNCTION, mode);
  }
  if (d.value<int>(POINTWISE_PRECISION, -1) != DATA_FLOAT) {
    return reject(DNN_NOT_SUPPORTED, "%s: pointwise arithmetic in other than fp32", FUNCTION);
  }
  return DNN_OK;
}

int finalizeReduction(Descriptor& d) {
  if (d.value<int>(REDUCTION_OPERATOR, -1) != 0 || d.value<int>(REDUCTION_TYPE, -1) != DATA_FLOAT) {
    return reject(DNN_NOT_SUPPORTED, "%s: a reduction other than a sum in fp32", FUNCTION);
  }
  return DNN_OK;
}

int finalizeOperation(Descriptor& d) {
  auto operation = std::make_shared<Operation>();
  operation->kind = d.type;
  const int e = operation->isConvolution() ? readConvolution(d, *operation)
      : d.type == POINTWISE_OPERATION ? readPointwise(d, *operation)
      : d.type == GENSTATS_OPERATION ? readStatistics(d, *operation) : readReduction(d, *operation);
  if (!e) d.operation = operation;
  return e;
}

int makeGraph(std::vector<OperationPointer> waiting, std::shared_ptr<const Graph>& made) {
  auto graph = std::make_shared<Graph>();
  Collector tensors;
  for (const OperationPointer& operation : waiting) {
    if (const int e = tensors.add(operation)) return e;
  }
  if (const int e = tensors.finish(*graph)) return e;
  std::map<long, bool> done;
  while (!waiting.empty()) {
    auto ready = std::find_if(waiting.begin(), waiting.end(), [&](const OperationPointer& o) {
      return std::all_of(o->inputs.begin(), o->inputs.end(), [&](const TensorPointer& t) {
        return done[t->id] || tensors.isGiven(*t);
      });
    });
    if (ready == waiting.end()) return reject(DNN_BAD_PARAM, "%s: a graph with a cycle", FUNCTION);
    for (const TensorPointer& output : (*ready)->outputs) done[output->id] = true;
    graph->operations.push_back(*ready);
    graph->pattern += (*ready)->letter();
    waiting.erase(ready);
  }
  made = graph;
  return DNN_OK;
}

int finalizeGraph(Descriptor& d) {
  std::vector<OperationPointer> operations;
  for (const auto& part : d.attributes.at(GRAPH_OPERATIONS).references) {
    if (!part->operation) {
      return reject(DNN_BAD_PARAM, "%s: a %s among the operations of a graph", FUNCTION,
                    nameOf(part->type));
    }
    operations.push_back(part->operation);
  }
  assign<int64_t>(d, GRAPH_ENGINE_COUNT, TYPE_INT64, {81});
  return makeGraph(operations, d.graph);
}

}  // namespace standin
