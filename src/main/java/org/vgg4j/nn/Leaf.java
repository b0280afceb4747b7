package org.vgg4j.nn;

import java.util.ArrayList;
import java.util.List;

/**
 * A module of a chain that becomes a stage.
 *
 * @param name its layer's name, null without parameters
 * @param module the module
 */
record Leaf(String name, Module module) {
  /** Returns the modules that become the stages of a net, in order. */
  static List<Leaf> of(Module chain) {
    List<Leaf> leaves = new ArrayList<>();
    add("", chain, leaves);
    return leaves;
  }

  private static void add(String prefix, Module module, List<Leaf> leaves) {
    if (module.parts().isEmpty()) {
      String scope = module.layerScope();
      leaves.add(new Leaf(scope == null ? null : name(prefix + scope), module));
    }
    for (Module.Part part : module.parts()) {
      String scope = part.scope();
      add(scope.isEmpty() ? prefix : prefix + scope + ".", part.module(), leaves);
    }
  }

  private static String name(String path) {
    return path.endsWith(".") ? path.substring(0, path.length() - 1) : path;
  }
}
