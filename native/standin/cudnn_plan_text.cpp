// Plans as texts: a JSON array of numbers, with everything that the plan needs.
#include <cstdio>
#include <cstdlib>

#include "cudnn_engines.h"

namespace standin {

namespace {

const char HEAD[] = "{\"standinPlan\":[";

// Of the numbers' text, which ends it: a damaged one is recognised.
std::string checksum(const std::string& numbers) {
  uint64_t hash = 14695981039346656037u;
  for (const char c : numbers) hash = (hash ^ (unsigned char) c) * 1099511628211u;
  return "],\"check\":" + std::to_string(hash >> 32) + "}";
}

class Writer {
 public:
  void number(double value) {
    char digits[40];
    snprintf(digits, sizeof digits, "%.17g", value);
    text_ += (text_.empty() ? "" : ",") + std::string(digits);
  }

  void numbers(const std::vector<long>& values) {
    number((double) values.size());
    for (const long value : values) number((double) value);
  }

  void tensors(const std::vector<TensorPointer>& all) {
    number((double) all.size());
    for (const TensorPointer& t : all) {
      numbers({t->id, t->type, t->isVirtual, t->isByValue, (long) t->alignment});
      numbers(t->sizes);
      numbers(t->strides);
    }
  }

  std::string text() const { return HEAD + text_ + checksum(text_); }

 private:
  std::string text_;
};

class Reader {
 public:
  explicit Reader(const std::string& numbers) : numbers_(numbers), next_(numbers_.c_str()) {}

  double number() {
    char* after;
    const double value = strtod(next_, &after);
    next_ = *after == ',' ? after + 1 : after;
    return value;
  }

  // A number of things that follow.
  long count() { return (long) number(); }

  std::vector<long> numbers() {
    std::vector<long> values(count());
    for (long& value : values) value = (long) number();
    return values;
  }

  // A tensor that the plan has already is the same one.
  std::vector<TensorPointer> tensors() {
    std::vector<TensorPointer> all(count());
    for (TensorPointer& one : all) {
      const std::vector<long> facts = numbers(), sizes = numbers(), strides = numbers();
      TensorPointer& known = known_[facts[0]];
      if (!known) {
        known = std::make_shared<Tensor>(Tensor{facts[0], (int) facts[1], sizes, strides, facts[2] != 0,
                                                facts[3] != 0, (size_t) facts[4]});
      }
      one = known;
    }
    return all;
  }

 private:
  const std::string numbers_;
  const char* next_;
  std::map<long, TensorPointer> known_;
};

}  // namespace

std::string writePlan(const Config& config) {
  Writer w;
  w.number(config.engine->index);
  w.number((double) config.knobs.size());
  for (const auto& knob : config.knobs) w.numbers({knob.first, knob.second});
  w.number((double) config.graph->operations.size());
  for (const OperationPointer& o : config.graph->operations) {
    w.numbers({o->kind, o->mode, o->keepsNan});
    w.number(o->alpha);
    w.number(o->beta);
    w.tensors(o->inputs);
    w.tensors(o->outputs);
    if (o->shape) {
      for (const long* part : {o->shape->before, o->shape->after, o->shape->stride, o->shape->dilation}) {
        w.numbers({part[0], part[1]});
      }
    }
  }
  return w.text();
}

int readPlan(const std::string& text, std::shared_ptr<const Config>& config) {
  const char* function = "cudnnBackendFinalize";
  const size_t head = sizeof HEAD - 1, end = text.find(']');
  const std::string numbers = end == std::string::npos || end < head ? "" : text.substr(head, end - head);
  // A file may be damaged without the caller's fault.
  if (text != HEAD + numbers + checksum(numbers)) {
    return refuse(DNN_BAD_PARAM, "%s: the text of a plan, %zu bytes, is damaged", function, text.size());
  }
  Reader r(numbers);
  auto made = std::make_shared<Config>();
  const long index = (long) r.number();
  for (long i = r.count(); i > 0; i--) {
    const std::vector<long> knob = r.numbers();
    made->knobs[(int) knob[0]] = knob[1];
  }
  std::vector<OperationPointer> operations;
  for (long i = r.count(); i > 0; i--) {
    auto o = std::make_shared<Operation>();
    const std::vector<long> facts = r.numbers();
    o->kind = (int) facts[0];
    o->mode = (int) facts[1];
    o->keepsNan = facts[2] != 0;
    o->alpha = r.number();
    o->beta = r.number();
    o->inputs = r.tensors();
    o->outputs = r.tensors();
    if (o->isConvolution()) {
      auto shape = std::make_shared<ConvolutionShape>();
      for (long* part : {shape->before, shape->after, shape->stride, shape->dilation}) {
        const std::vector<long> two = r.numbers();
        part[0] = two[0];
        part[1] = two[1];
      }
      o->shape = shape;
    }
    operations.push_back(o);
  }
  if (const int e = makeGraph(operations, made->graph)) return e;
  made->engine = findEngine(*made->graph, index);
  if (!made->engine) {
    return refuse(DNN_NOT_SUPPORTED, "%s: the text of a plan has engine %ld, from another version", function,
                  index);
  }
  config = made;
  return DNN_OK;
}

}  // namespace standin
