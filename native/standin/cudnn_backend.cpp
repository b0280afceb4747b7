// The functions of cuDNN's graph API: descriptors with attributes of a type and a count.
#include "cudnn_backend.h"

#include <algorithm>

#include "capture.h"

using namespace standin;

namespace {

const long ARRAY = 64, TEXT = 1 << 20;
enum Access { REQUIRED, OPTIONAL, COMPUTED };

struct Rule {
  int name, type;
  long most;  // elements
  Access access;
};

const std::map<int, std::vector<Rule>>& rules() {
  static const std::map<int, std::vector<Rule>> all = {
      {POINTWISE,
       {{POINTWISE_MODE, TYPE_POINTWISE_MODE, 1, REQUIRED},
        {POINTWISE_PRECISION, TYPE_DATA_TYPE, 1, REQUIRED},
        {POINTWISE_NAN_PROPAGATION, TYPE_NAN_PROPAGATION, 1, OPTIONAL}}},
      {CONVOLUTION,
       {{CONVOLUTION_TYPE, TYPE_DATA_TYPE, 1, REQUIRED},
        {CONVOLUTION_MODE, TYPE_CONVOLUTION_MODE, 1, REQUIRED},
        {CONVOLUTION_SPATIAL_DIMS, TYPE_INT64, 1, REQUIRED},
        {CONVOLUTION_DILATIONS, TYPE_INT64, ARRAY, REQUIRED},
        {CONVOLUTION_STRIDES, TYPE_INT64, ARRAY, REQUIRED},
        {CONVOLUTION_PRE_PADDINGS, TYPE_INT64, ARRAY, REQUIRED},
        {CONVOLUTION_POST_PADDINGS, TYPE_INT64, ARRAY, REQUIRED}}},
      {ENGINE,
       {{ENGINE_GRAPH, TYPE_DESCRIPTOR, 1, REQUIRED},
        {ENGINE_INDEX, TYPE_INT64, 1, REQUIRED},
        {ENGINE_KNOB_INFO, TYPE_DESCRIPTOR, ARRAY, COMPUTED},
        {ENGINE_NUMERICAL_NOTES, TYPE_NUMERICAL_NOTE, ARRAY, COMPUTED},
        {ENGINE_BEHAVIOUR_NOTES, TYPE_BEHAVIOUR_NOTE, ARRAY, COMPUTED}}},
      {ENGINE_CONFIG,
       {{CONFIG_ENGINE, TYPE_DESCRIPTOR, 1, REQUIRED},
        {CONFIG_KNOB_CHOICES, TYPE_DESCRIPTOR, ARRAY, OPTIONAL},
        {CONFIG_WORKSPACE_SIZE, TYPE_INT64, 1, COMPUTED}}},
      {HEURISTICS,
       {{HEURISTICS_GRAPH, TYPE_DESCRIPTOR, 1, REQUIRED},
        {HEURISTICS_MODE, TYPE_HEURISTICS_MODE, 1, REQUIRED},
        {HEURISTICS_RESULTS, TYPE_DESCRIPTOR, ARRAY, COMPUTED}}},
      {EXECUTION_PLAN,
       {{PLAN_HANDLE, TYPE_HANDLE, 1, REQUIRED},
        {PLAN_CONFIG, TYPE_DESCRIPTOR, 1, OPTIONAL},
        {PLAN_TEXT, TYPE_CHAR, TEXT, OPTIONAL},
        {PLAN_WORKSPACE_SIZE, TYPE_INT64, 1, COMPUTED}}},
      {KNOB_CHOICE,
       {{KNOB_CHOICE_TYPE, TYPE_KNOB, 1, REQUIRED}, {KNOB_CHOICE_VALUE, TYPE_INT64, 1, REQUIRED}}},
      {KNOB_INFO,
       {{KNOB_INFO_TYPE, TYPE_KNOB, 1, COMPUTED},
        {KNOB_INFO_MAXIMUM, TYPE_INT64, 1, COMPUTED},
        {KNOB_INFO_MINIMUM, TYPE_INT64, 1, COMPUTED},
        {KNOB_INFO_STRIDE, TYPE_INT64, 1, COMPUTED}}},
      {FORWARD_OPERATION,
       {{FORWARD_ALPHA, TYPE_NUMBER, 1, OPTIONAL},
        {FORWARD_BETA, TYPE_NUMBER, 1, OPTIONAL},
        {FORWARD_CONVOLUTION, TYPE_DESCRIPTOR, 1, REQUIRED},
        {FORWARD_W, TYPE_DESCRIPTOR, 1, REQUIRED},
        {FORWARD_X, TYPE_DESCRIPTOR, 1, REQUIRED},
        {FORWARD_Y, TYPE_DESCRIPTOR, 1, REQUIRED}}},
      {DATA_OPERATION,
       {{DATA_ALPHA, TYPE_NUMBER, 1, OPTIONAL},
        {DATA_BETA, TYPE_NUMBER, 1, OPTIONAL},
        {DATA_CONVOLUTION, TYPE_DESCRIPTOR, 1, REQUIRED},
        {DATA_W, TYPE_DESCRIPTOR, 1, REQUIRED},
        {DATA_DX, TYPE_DESCRIPTOR, 1, REQUIRED},
        {DATA_DY, TYPE_DESCRIPTOR, 1, REQUIRED}}},
      {FILTER_OPERATION,
       {{FILTER_ALPHA, TYPE_NUMBER, 1, OPTIONAL},
        {FILTER_BETA, TYPE_NUMBER, 1, OPTIONAL},
        {FILTER_CONVOLUTION, TYPE_DESCRIPTOR, 1, REQUIRED},
        {FILTER_DW, TYPE_DESCRIPTOR, 1, REQUIRED},
        {FILTER_X, TYPE_DESCRIPTOR, 1, REQUIRED},
        {FILTER_DY, TYPE_DESCRIPTOR, 1, REQUIRED}}},
      {POINTWISE_OPERATION,
       {{POINTWISE_DESCRIPTOR, TYPE_DESCRIPTOR, 1, REQUIRED},
        {POINTWISE_X, TYPE_DESCRIPTOR, 1, REQUIRED},
        {POINTWISE_B, TYPE_DESCRIPTOR, 1, OPTIONAL},
        {POINTWISE_Y, TYPE_DESCRIPTOR, 1, OPTIONAL},
        {POINTWISE_ALPHA1, TYPE_NUMBER, 1, OPTIONAL},
        {POINTWISE_ALPHA2, TYPE_NUMBER, 1, OPTIONAL},
        {POINTWISE_DX, TYPE_DESCRIPTOR, 1, OPTIONAL},
        {POINTWISE_DY, TYPE_DESCRIPTOR, 1, OPTIONAL}}},
      {GENSTATS_OPERATION,
       {{GENSTATS_MODE, TYPE_GENSTATS_MODE, 1, REQUIRED},
        {GENSTATS_PRECISION, TYPE_DATA_TYPE, 1, REQUIRED},
        {GENSTATS_X, TYPE_DESCRIPTOR, 1, REQUIRED},
        {GENSTATS_SUM, TYPE_DESCRIPTOR, 1, REQUIRED},
        {GENSTATS_SQUARES, TYPE_DESCRIPTOR, 1, REQUIRED}}},
      {OPERATION_GRAPH,
       {{GRAPH_HANDLE, TYPE_HANDLE, 1, REQUIRED},
        {GRAPH_OPERATIONS, TYPE_DESCRIPTOR, ARRAY, REQUIRED},
        {GRAPH_ENGINE_COUNT, TYPE_INT64, 1, COMPUTED}}},
      {VARIANT_PACK,
       {{PACK_UNIQUE_IDS, TYPE_INT64, ARRAY, REQUIRED},
        {PACK_POINTERS, TYPE_VOID_PTR, ARRAY, REQUIRED},
        {PACK_WORKSPACE, TYPE_VOID_PTR, 1, OPTIONAL}}},
      {TENSOR,
       {{TENSOR_ALIGNMENT, TYPE_INT64, 1, REQUIRED},
        {TENSOR_DATA_TYPE, TYPE_DATA_TYPE, 1, REQUIRED},
        {TENSOR_DIMENSIONS, TYPE_INT64, ARRAY, REQUIRED},
        {TENSOR_STRIDES, TYPE_INT64, ARRAY, REQUIRED},
        {TENSOR_UNIQUE_ID, TYPE_INT64, 1, REQUIRED},
        {TENSOR_IS_VIRTUAL, TYPE_BOOLEAN, 1, OPTIONAL},
        {TENSOR_IS_BY_VALUE, TYPE_BOOLEAN, 1, OPTIONAL}}},
      {REDUCTION,
       {{REDUCTION_OPERATOR, TYPE_REDUCTION_OPERATOR, 1, REQUIRED},
        {REDUCTION_TYPE, TYPE_DATA_TYPE, 1, REQUIRED}}},
      {REDUCTION_OPERATION,
       {{REDUCTION_X, TYPE_DESCRIPTOR, 1, REQUIRED},
        {REDUCTION_Y, TYPE_DESCRIPTOR, 1, REQUIRED},
        {REDUCTION_DESCRIPTOR, TYPE_DESCRIPTOR, 1, REQUIRED}}}};
  return all;
}

const Rule* findRule(int descriptorType, int name) {
  for (const Rule& rule : rules().at(descriptorType)) {
    if (rule.name == name) return &rule;
  }
  return nullptr;
}

bool fits(const Rule& rule, int type) {
  return rule.type == type || (rule.type == TYPE_NUMBER && (type == TYPE_FLOAT || type == TYPE_DOUBLE));
}

size_t sizeOf(int type) {
  switch (type) {
    case TYPE_BOOLEAN: case TYPE_CHAR: return 1;
    case TYPE_HANDLE: case TYPE_INT64: case TYPE_DOUBLE: case TYPE_VOID_PTR: case TYPE_DESCRIPTOR:
      return 8;
    default: return 4;  // floats and enums
  }
}

// The caller's pointers lead nowhere, and none is used twice: a dead descriptor is always recognised.
std::map<void*, std::shared_ptr<Descriptor>> descriptors;
uintptr_t lastDescriptor = 0x51a400000000;

std::shared_ptr<Descriptor> find(const char* function, void* handle) {
  auto found = descriptors.find(handle);
  if (found != descriptors.end()) return found->second;
  reject(DNN_BAD_PARAM, "%s: a descriptor that is not alive", function);
  return nullptr;
}

int setReferences(const char* function, Attribute& attribute, const void* elements) {
  for (long i = 0; i < attribute.count; i++) {
    std::shared_ptr<Descriptor> one = find(function, ((void* const*) elements)[i]);
    if (!one) return DNN_BAD_PARAM;
    attribute.references.push_back(one);
  }
  return DNN_OK;
}

// Every part must be final and alive when the whole becomes final.
int checkParts(const Descriptor& descriptor) {
  for (const Rule& rule : rules().at(descriptor.type)) {
    if (rule.access == REQUIRED && !descriptor.has(rule.name)) {
      return reject(DNN_BAD_PARAM, "cudnnBackendFinalize: a %s without attribute %d",
                    nameOf(descriptor.type), rule.name);
    }
  }
  for (const auto& attribute : descriptor.attributes) {
    for (const auto& part : attribute.second.references) {
      if (part->isFinal && part->isAlive) continue;
      return reject(part->isAlive ? DNN_NOT_FINALIZED : DNN_BAD_PARAM,
                    "cudnnBackendFinalize: attribute %d of a %s is a %s that is not %s",
                    attribute.first, nameOf(descriptor.type), nameOf(part->type),
                    part->isAlive ? "final" : "alive");
    }
  }
  return DNN_OK;
}

int makeContents(Descriptor& descriptor) {
  switch (descriptor.type) {
    case POINTWISE: return finalizePointwise(descriptor);
    case CONVOLUTION: return finalizeConvolution(descriptor);
    case ENGINE: return finalizeEngine(descriptor);
    case ENGINE_CONFIG: return finalizeConfig(descriptor);
    case HEURISTICS: return finalizeHeuristics(descriptor);
    case EXECUTION_PLAN:
      // A plan may load code, which a capture does not permit.
      return forbiddenInCapture("cudnnBackendFinalize of a plan") ? DNN_EXECUTION_FAILED
                                                                  : finalizePlan(descriptor);
    case KNOB_CHOICE: return DNN_OK;
    case KNOB_INFO: return reject(DNN_BAD_PARAM, "cudnnBackendFinalize: knob information is only read");
    case OPERATION_GRAPH: return finalizeGraph(descriptor);
    case VARIANT_PACK: return finalizePack(descriptor);
    case TENSOR: return finalizeTensor(descriptor);
    case REDUCTION: return finalizeReduction(descriptor);
    default: return finalizeOperation(descriptor);
  }
}

// Fills descriptors that the caller has created, as many as there are.
int getDescriptors(
    const char* function, const Descriptor& from, int name, long requested, int64_t* count,
    void* elements) {
  const long there = name == HEURISTICS_RESULTS ? (long) from.offers.size()
      : name == CONFIG_ENGINE ? 1 : knobCount(*from.config);
  const int type = name == HEURISTICS_RESULTS ? ENGINE_CONFIG
      : name == CONFIG_ENGINE ? ENGINE : name == CONFIG_KNOB_CHOICES ? KNOB_CHOICE : KNOB_INFO;
  if (requested == 0) {
    // As the real one (9.24) answers: an upper bound of the results, and no number of knob choices.
    if (count) *count = name == HEURISTICS_RESULTS ? there + 3 : name == CONFIG_KNOB_CHOICES ? 0 : there;
    return DNN_OK;
  }
  const long filled = std::min(requested, there);
  for (long i = 0; i < filled; i++) {
    std::shared_ptr<Descriptor> target = find(function, ((void**) elements)[i]);
    if (!target) return DNN_BAD_PARAM;
    if (target->type != type) {
      return reject(DNN_BAD_PARAM, "%s: a %s where a %s belongs", function, nameOf(target->type),
                    nameOf(type));
    }
    if (target->isFinal && type == ENGINE_CONFIG) {
      return reject(DNN_BAD_PARAM, "%s: a %s that is final already", function, nameOf(type));
    }
    switch (name) {
      case HEURISTICS_RESULTS: fillConfig(*target, from.offers[i]); break;
      case CONFIG_ENGINE: fillEngine(*target, *from.config); break;
      case CONFIG_KNOB_CHOICES: fillKnobChoice(*target, *from.config, i); break;
      default: fillKnobInfo(*target, *from.config, i);
    }
    target->isFinal = true;
  }
  if (count) *count = filled;
  return DNN_OK;
}

}  // namespace

namespace standin {

const char* nameOf(int descriptorType) {
  switch (descriptorType) {
    case POINTWISE: return "pointwise descriptor";
    case CONVOLUTION: return "convolution descriptor";
    case ENGINE: return "engine";
    case ENGINE_CONFIG: return "engine configuration";
    case HEURISTICS: return "heuristics descriptor";
    case EXECUTION_PLAN: return "plan";
    case KNOB_CHOICE: return "knob choice";
    case KNOB_INFO: return "knob information";
    case FORWARD_OPERATION: return "convolution";
    case FILTER_OPERATION: return "filter gradient";
    case DATA_OPERATION: return "data gradient";
    case POINTWISE_OPERATION: return "pointwise operation";
    case GENSTATS_OPERATION: return "statistics operation";
    case OPERATION_GRAPH: return "operation graph";
    case VARIANT_PACK: return "variant pack";
    case TENSOR: return "tensor";
    case REDUCTION: return "reduction descriptor";
    case REDUCTION_OPERATION: return "reduction";
    default: return "descriptor";
  }
}

}  // namespace standin

STANDIN_API int cudnnBackendCreateDescriptor(int type, void** handle) {
  const char* function = "cudnnBackendCreateDescriptor";
  Call call(Library::CUDNN, function);
  if (call.status()) return call.status();
  if (!handle) return reject(DNN_NULL_POINTER, "%s: nowhere to write to", function);
  if (!rules().count(type)) {
    return reject(DNN_NOT_SUPPORTED, "%s: type %d is not in the stand-in", function, type);
  }
  auto created = std::make_shared<Descriptor>();
  created->type = type;
  lastDescriptor += 16;
  descriptors[(void*) lastDescriptor] = created;
  state().live[BACKEND_DESCRIPTOR]++;
  *handle = (void*) lastDescriptor;
  return DNN_OK;
}

STANDIN_API int cudnnBackendDestroyDescriptor(void* handle) {
  Call call(Library::CUDNN, "cudnnBackendDestroyDescriptor");
  std::shared_ptr<Descriptor> descriptor = find("cudnnBackendDestroyDescriptor", handle);
  if (!descriptor) return DNN_BAD_PARAM;
  descriptor->isAlive = false;
  descriptors.erase(handle);
  state().live[BACKEND_DESCRIPTOR]--;
  return call.status();
}

STANDIN_API int cudnnBackendSetAttribute(
    void* handle, int name, int type, int64_t count, const void* elements) {
  const char* function = "cudnnBackendSetAttribute";
  Call call(Library::CUDNN, function);
  if (call.status()) return call.status();
  std::shared_ptr<Descriptor> descriptor = find(function, handle);
  if (!descriptor) return DNN_BAD_PARAM;
  const char* what = nameOf(descriptor->type);
  if (descriptor->isFinal) return reject(DNN_BAD_PARAM, "%s: a %s that is final", function, what);
  const Rule* rule = findRule(descriptor->type, name);
  if (!rule || rule->access == COMPUTED) {
    return reject(DNN_BAD_PARAM, "%s: a %s has no attribute %d to set", function, what, name);
  }
  if (!fits(*rule, type)) {
    return reject(DNN_ATTRIBUTE_TYPE, "%s: attribute %d of a %s has type %d, not %d", function, name,
                  what, rule->type, type);
  }
  if (count < 1 || count > rule->most || !elements) {
    return reject(DNN_BAD_PARAM, "%s: %ld elements for attribute %d of a %s", function, (long) count,
                  name, what);
  }
  Attribute attribute;
  attribute.type = type;
  attribute.count = count;
  if (type == TYPE_DESCRIPTOR) {
    if (const int e = setReferences(function, attribute, elements)) return e;
  } else {
    attribute.bytes.assign((const char*) elements, (const char*) elements + count * sizeOf(type));
    if (type == TYPE_HANDLE && !findHandle(function, *(void* const*) elements)) return DNN_BAD_PARAM;
  }
  descriptor->attributes[name] = attribute;
  return DNN_OK;
}

STANDIN_API int cudnnBackendGetAttribute(
    void* handle, int name, int type, int64_t requested, int64_t* count, void* elements) {
  const char* function = "cudnnBackendGetAttribute";
  Call call(Library::CUDNN, function);
  if (call.status()) return call.status();
  std::shared_ptr<Descriptor> descriptor = find(function, handle);
  if (!descriptor) return DNN_BAD_PARAM;
  const char* what = nameOf(descriptor->type);
  if (!descriptor->isFinal) {
    return reject(DNN_NOT_INITIALIZED, "%s: a %s that is not final", function, what);
  }
  const Rule* rule = findRule(descriptor->type, name);
  if (!rule) return reject(DNN_BAD_PARAM, "%s: a %s has no attribute %d", function, what, name);
  if (!fits(*rule, type)) {
    return reject(DNN_ATTRIBUTE_TYPE, "%s: attribute %d of a %s has type %d, not %d", function, name,
                  what, rule->type, type);
  }
  if (requested < 0 || (requested > 0 && !elements)) {
    return reject(DNN_BAD_PARAM, "%s: %ld elements of attribute %d", function, (long) requested, name);
  }
  switch (name) {
    case HEURISTICS_RESULTS: case CONFIG_ENGINE: case CONFIG_KNOB_CHOICES: case ENGINE_KNOB_INFO:
      return getDescriptors(function, *descriptor, name, requested, count, elements);
  }
  auto found = descriptor->attributes.find(name);
  if (found == descriptor->attributes.end() || type == TYPE_DESCRIPTOR) {
    return reject(DNN_NOT_SUPPORTED, "%s: attribute %d of a %s cannot be read", function, name, what);
  }
  if (found->second.type != type) {
    return reject(DNN_ATTRIBUTE_TYPE, "%s: attribute %d has type %d, not %d", function, name,
                  found->second.type, type);
  }
  const long there = found->second.count, copied = std::min<long>(requested, there);
  if (copied) memcpy(elements, found->second.bytes.data(), copied * sizeOf(type));
  if (count) *count = requested ? copied : there;
  return DNN_OK;
}

STANDIN_API int cudnnBackendFinalize(void* handle) {
  const char* function = "cudnnBackendFinalize";
  Call call(Library::CUDNN, function);
  if (call.status()) return call.status();
  std::shared_ptr<Descriptor> descriptor = find(function, handle);
  if (!descriptor) return DNN_BAD_PARAM;
  if (descriptor->isFinal) {
    return reject(DNN_BAD_PARAM, "%s: a %s that is final already", function, nameOf(descriptor->type));
  }
  if (const int e = checkParts(*descriptor)) return e;
  if (const int e = makeContents(*descriptor)) return e;
  descriptor->isFinal = true;
  return DNN_OK;
}

STANDIN_API int cudnnBackendExecute(void* handle, void* plan, void* pack) {
  const char* function = "cudnnBackendExecute";
  Call call(Library::CUDNN, function);
  if (call.status()) return call.status();
  DnnHandle* h = findHandle(function, handle);
  std::shared_ptr<Descriptor> p = find(function, plan), v = find(function, pack);
  if (!h || !p || !v) return DNN_BAD_PARAM;
  if (p->type != EXECUTION_PLAN || v->type != VARIANT_PACK) {
    return reject(DNN_BAD_PARAM, "%s: a %s and a %s", function, nameOf(p->type), nameOf(v->type));
  }
  if (!p->isFinal || !v->isFinal) {
    return reject(DNN_NOT_FINALIZED, "%s: a %s that is not final", function,
                  nameOf(p->isFinal ? v->type : p->type));
  }
  return execute(h, *p, *v);
}
