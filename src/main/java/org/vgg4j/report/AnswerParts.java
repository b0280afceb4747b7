package org.vgg4j.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.vgg4j.data.ImageSource;
import org.vgg4j.evaluation.Evaluation;
import org.vgg4j.report.Answers.Answer;
import org.vgg4j.run.RunData;

/** What a net answers to the test images: matrix, pairs, classes, single pictures. */
final class AnswerParts {
  /** So many classes have a bar; of more, those that are answered worst. */
  private static final int MOST_BARS = 40;

  private static final int MOST_PAIRS = 15;
  private static final int TILE = 64;

  private final Evaluation evaluation;
  private final Answers answers;
  private final ImageSource test;
  private final List<String> names;

  AnswerParts(Measurement measured, RunData images) {
    evaluation = measured.evaluation();
    answers = measured.answers();
    test = images.test();
    names = evaluation.classNames();
  }

  void add(Page page) {
    page.section("Confusion")
        .paragraph(
            "A row for each class, a column for each answer; the stronger the colour, the larger"
                + " the share of the row.")
        .add(new Matrix(names, evaluation.confusion()));
    if (answers.undecided() > 0) {
      page.paragraph(
          Figures.count(answers.undecided())
              + " images got no answer that is a number; they count as the first class.");
    }
    pairs(page);
    bars(page);
    pictures(page, "Most wrong", "The right class had the least probability.", answers.wrong());
    pictures(page, "Least sure", "The answer had the least probability.", answers.unsure());
  }

  private void pairs(Page page) {
    record Pair(int label, int answer, long count) {}
    List<Pair> pairs = new ArrayList<>();
    long[][] counts = evaluation.confusion();
    for (int i = 0; i < counts.length; i++) {
      for (int j = 0; j < counts.length; j++) {
        if (i != j && counts[i][j] > 0) {
          pairs.add(new Pair(i, j, counts[i][j]));
        }
      }
    }
    pairs.sort(Comparator.comparingLong(Pair::count).reversed()); // stable: by class
    if (pairs.isEmpty()) {
      page.paragraph("No image was answered wrongly.");
      return;
    }
    page.paragraph("Most often confused:")
        .add(
            new Table(
                List.of("class", "answered as", "images", "of the class"),
                pairs.stream()
                    .limit(MOST_PAIRS)
                    .map(
                        pair ->
                            List.of(
                                names.get(pair.label()),
                                names.get(pair.answer()),
                                Figures.count(pair.count()),
                                Figures.percent(
                                    (double) pair.count() / evaluation.support(pair.label()))))
                    .toList()));
  }

  private void bars(Page page) {
    List<Integer> shown = new ArrayList<>(IntStream.range(0, names.size()).boxed().toList());
    boolean isAll = shown.size() <= MOST_BARS;
    if (!isAll) {
      shown.removeIf(c -> evaluation.support(c) == 0);
      shown.sort(Comparator.comparingDouble(evaluation::recall));
      shown = shown.subList(0, Math.min(MOST_BARS, shown.size()));
    }
    String behind = "; behind it the share of such answers that are right, and its images.";
    page.section("Classes")
        .paragraph(
            isAll
                ? "The share of each class that is answered rightly" + behind
                : "The share of a class that is answered rightly, of the %s worst of %s"
                        .formatted(shown.size(), Figures.count(names.size()))
                    + behind)
        .add(new Bars(shown.stream().map(this::bar).toList()));
  }

  private Bars.Bar bar(int c) {
    double recall = evaluation.recall(c);
    String text =
        "%s · %s · %s"
            .formatted(
                Figures.percent(recall),
                Figures.percent(evaluation.precision(c)),
                Figures.count(evaluation.support(c)));
    return new Bars.Bar(names.get(c), recall, text);
  }

  private void pictures(Page page, String heading, String text, List<Answer> shown) {
    if (shown.isEmpty()) {
      return;
    }
    page.section(heading)
        .paragraph(text)
        .add(new Pictures(shown.stream().map(this::picture).toList()));
  }

  private Pictures.Picture picture(Answer answer) {
    List<String> lines = new ArrayList<>();
    boolean isRight = answer.label() == answer.answer();
    lines.add(names.get(answer.label()) + " " + Figures.percent(answer.right()));
    lines.add(
        isRight
            ? "rightly answered"
            : "answer: " + names.get(answer.answer()) + " " + Figures.percent(answer.sure()));
    String name = test.imageName(answer.image());
    lines.add(name == null ? "image " + answer.image() : name);
    return new Pictures.Picture(new TilePainter(test, answer.image(), TILE).original(), lines);
  }
}
