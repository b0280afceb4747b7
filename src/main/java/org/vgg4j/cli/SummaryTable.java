package org.vgg4j.cli;

import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import org.vgg4j.nn.MemoryPlan;
import org.vgg4j.nn.Stage;
import org.vgg4j.run.Recipe;
import org.vgg4j.tensor.Backend;

/** A net as a table. */
final class SummaryTable {
  private static final String ROW = "%-13s %-18s %-15s %11s %9s %10s";

  private static final String PART = "  %-26s %16s bytes %10s";

  private SummaryTable() {}

  static void print(Recipe recipe, MemoryPlan plan, Backend backend, PrintWriter out) {
    int batch = recipe.training().batchSize();
    line(out, ROW, "layer", "type", "output", "parameters", "MMACs", "activation");
    long parameters = 0;
    long trained = 0;
    long multiplyAdds = 0;
    long activations = 0;
    for (Stage layer : plan.stages()) {
      line(
          out,
          ROW,
          layer.name(),
          layer.type() + (layer.parameters().isEmpty() || layer.isTrained() ? "" : " (frozen)"),
          layer.output().withoutBatch(),
          Bytes.count(layer.parameterCount()),
          millions(layer.multiplyAdds() / batch),
          Bytes.text(layer.activationBytes()));
      parameters += layer.parameterCount();
      trained += layer.isTrained() ? layer.parameterCount() : 0;
      multiplyAdds += layer.multiplyAdds();
      activations += layer.activationBytes();
    }
    line(
        out,
        ROW,
        "total",
        "",
        "",
        Bytes.count(parameters),
        millions(multiplyAdds / batch),
        Bytes.text(activations));
    if (trained < parameters) {
      line(out, ROW, "trained", "", "", Bytes.count(trained), "", "");
    }
    out.println();
    line(out, "output and MMACs (million multiply-adds) are those of one image, forward;");
    line(out, "activation is what training keeps of a batch of %d.", batch);
    List<String> updates = recipe.training().updates().texts();
    if (!updates.isEmpty()) {
      line(out, "training: %s", String.join("; ", updates));
    }
    out.println();
    memory(recipe, plan, backend, out);
    out.flush();
  }

  private static void memory(Recipe recipe, MemoryPlan plan, Backend backend, PrintWriter out) {
    int slabs = recipe.stateSlabs();
    line(
        out,
        "memory to train with %s at batch size %d on the %s engine:",
        recipe.optimizer(),
        recipe.training().batchSize(),
        backend.name());
    record Part(String name, long bytes) {}
    List<Part> parts =
        List.of(
            new Part("parameters", plan.parameters()),
            new Part("copies in bf16", plan.copies()),
            new Part("gradients", plan.gradients()),
            new Part("optimizer state", plan.trained() * slabs),
            new Part("average of the weights", recipe.averageBytes(plan)),
            new Part("running statistics", plan.buffers()),
            new Part("activations", plan.activations()),
            new Part("gradients of activations", plan.activationGradients()),
            new Part("batch of images", plan.inputs()),
            new Part("workspace", plan.workspace()));
    for (Part part : parts) {
      if (part.bytes() > 0) {
        line(out, PART, part.name(), Bytes.count(part.bytes()), Bytes.text(part.bytes()));
      }
    }
    long total = recipe.trainingBytes(plan);
    line(out, PART, "total", Bytes.count(total), Bytes.text(total));
    line(out, "  (%s free of %s)", Bytes.text(backend.availableBytes()), backend.memoryLimit());
  }

  private static String millions(long multiplyAdds) {
    return String.format(Locale.ROOT, "%,.1f", multiplyAdds / 1e6);
  }

  private static void line(PrintWriter out, String format, Object... values) {
    out.println(String.format(Locale.ROOT, format, values).stripTrailing());
  }
}
