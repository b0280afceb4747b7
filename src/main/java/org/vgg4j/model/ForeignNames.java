package org.vgg4j.model;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.vgg4j.io.SafeTensorSpec;
import org.vgg4j.tensor.InvalidInputException;

/**
 * Translates the names of a file's tensors to torchvision's: wrappers put prefixes before them
 * ({@code module.} of DataParallel, {@code _orig_mod.} of torch.compile, {@code model.} of many a
 * training program), timm has other names for the classifier, and some tensors are not the net's.
 */
final class ForeignNames {
  private static final String WRAPPERS = "(?<![^.])(module|_orig_mod)\\.";

  /** Any prefix, then a tensor of the part. */
  private static final Pattern FEATURES = Pattern.compile("(|.*?\\.)(features\\.\\d+\\..+)");

  private static final Pattern CLASSIFIER =
      Pattern.compile("(|.*?\\.)((classifier\\.\\d+|pre_logits\\.fc[12]|head\\.fc)\\..+)");

  private static final Map<String, String> TIMM = timm();

  /** What profilers leave in every module. */
  private static final Pattern BOOKKEEPING = Pattern.compile(".*\\.total_(ops|params)");

  private static final int MOST_NAMED = 5;

  private final Map<String, String> translated = new LinkedHashMap<>();
  private final List<String> notes = new ArrayList<>();

  private static Map<String, String> timm() {
    Map<String, String> names = new LinkedHashMap<>();
    names.put("pre_logits.fc1.", "classifier.0.");
    names.put("pre_logits.fc2.", "classifier.3.");
    names.put("head.fc.", "classifier.6.");
    return names;
  }

  /**
   * Reads the names.
   *
   * @throws InvalidInputException when there are two nets in the file
   */
  ForeignNames(Path file, List<SafeTensorSpec> tensors) {
    String features = prefix(file, FEATURES, tensors);
    String classifier = prefix(file, CLASSIFIER, tensors);
    List<String> left = new ArrayList<>();
    for (SafeTensorSpec spec : tensors) {
      String name = spec.name();
      String own = BOOKKEEPING.matcher(name).matches() ? null : own(name, features, classifier);
      if (own == null) {
        left.add(name);
      } else {
        translated.put(name, own);
      }
    }
    note(file, "names such as %s were taken as %s", false);
    note(file, "timm's names such as %s were taken as %s", true);
    if (!left.isEmpty()) {
      int more = left.size() - MOST_NAMED;
      notes.add(
          "%s: left alone, since no VGG has them: %s%s"
              .formatted(
                  file,
                  String.join(", ", left.subList(0, Math.min(MOST_NAMED, left.size()))),
                  more > 0 ? " and " + more + " more" : ""));
    }
  }

  /** Shows one of the names that were changed. */
  private void note(Path file, String text, boolean ofTimm) {
    for (Map.Entry<String, String> names : translated.entrySet()) {
      String part = names.getValue().replaceFirst("\\..*", ".");
      boolean kept = unwrapped(names.getKey()).contains(part);
      if (!names.getKey().equals(names.getValue()) && kept != ofTimm) {
        notes.add(file + ": " + text.formatted(names.getKey(), names.getValue()));
        return;
      }
    }
  }

  private static String unwrapped(String name) {
    return name.replaceAll(WRAPPERS, "");
  }

  /** Returns what stands before every name of a part; the empty prefix wins over others. */
  private static String prefix(Path file, Pattern part, List<SafeTensorSpec> tensors) {
    Set<String> found = new TreeSet<>();
    for (SafeTensorSpec spec : tensors) {
      Matcher matcher = part.matcher(unwrapped(spec.name()));
      if (matcher.matches()) {
        found.add(matcher.group(1));
      }
    }
    if (found.size() > 1 && !found.contains("")) {
      throw new InvalidInputException(
          "%s holds several nets, under %s; write one of them to a file of its own"
              .formatted(file, String.join(" and ", found)));
    }
    return found.isEmpty() || found.contains("") ? "" : found.iterator().next();
  }

  /** Returns torchvision's name of a tensor, null when it belongs to neither part of a VGG. */
  private static String own(String name, String features, String classifier) {
    String bare = unwrapped(name);
    if (bare.startsWith(features + "features.")) {
      return bare.substring(features.length());
    }
    for (Map.Entry<String, String> part : TIMM.entrySet()) {
      if (bare.startsWith(classifier + part.getKey())) {
        return part.getValue() + bare.substring(classifier.length() + part.getKey().length());
      }
    }
    return bare.startsWith(classifier + "classifier.") ? bare.substring(classifier.length()) : null;
  }

  /** Returns torchvision's name of a tensor of the file, null when it is left alone. */
  String nameOf(String inFile) {
    return translated.get(inFile);
  }

  /** Returns what was done, a sentence each. */
  List<String> notes() {
    return notes;
  }
}
