package org.vgg4j.cli;

import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import org.vgg4j.data.preprocessing.Normalization;
import org.vgg4j.nn.MemoryPlan;
import org.vgg4j.nn.Stage;
import org.vgg4j.run.ProcessMemory;
import org.vgg4j.run.Recipe;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.Choice;

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
    images(recipe, out);
    memory(recipe, plan, backend, out);
    out.flush();
  }

  /** Says how images are prepared, where that is not what every net does. */
  private static void images(Recipe recipe, PrintWriter out) {
    boolean isVaried = !recipe.augmentation().isNone();
    boolean isNormalized = recipe.normalization() != Normalization.NONE;
    if (!recipe.preprocessing().isDefault() || isNormalized) {
      line(
          out,
          "images: %s%s",
          recipe.preprocessing(),
          isNormalized ? ", normalized: " + Choice.name(recipe.normalization()) : "");
    }
    if (isVaried) {
      line(out, "training images: %s", recipe.augmentation());
    }
    if (isVaried || isNormalized || !recipe.preprocessing().isDefault()) {
      out.println();
    }
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
    long process = ProcessMemory.ofTraining(recipe, plan, 0, backend);
    if (process > 0) {
      line(out, PART, "the whole process, about", Bytes.count(process), Bytes.text(process));
    }
    line(out, "  (%s free of %s)", Bytes.text(backend.availableBytes()), backend.memoryLimit());
  }

  private static String millions(long multiplyAdds) {
    return String.format(Locale.ROOT, "%,.1f", multiplyAdds / 1e6);
  }

  private static void line(PrintWriter out, String format, Object... values) {
    out.println(String.format(Locale.ROOT, format, values).stripTrailing());
  }
}
