"""Files written to a relative path, whose beginning and end are written out."""

import pytest

HEAD = {
    ".py": "import os, joblib\nimport numpy as np\nimport pandas as pd\n"
    "from pathlib import Path\n",
    ".R": "",
}


@pytest.mark.parametrize(
    ("suffix", "call", "written"),
    [
        (".R", 'write.csv(x, "a.csv")', '"a.csv"'),
        (".R", 'write.csv(x, paste0("a_", y, ".csv"))', 'paste0("a_", y, ".csv")'),
        (".R", 'write_csv(x, glue("a_{y}.csv"))', 'glue("a_{y}.csv")'),
        (".R", 'ggsave(sprintf("a_%02d.png", y), p)', 'sprintf("a_%02d.png", y)'),
        (".R", 'saveRDS(x, file.path("a", y, "b.rds"))', 'file.path("a", y, "b.rds")'),
        (".R", 'cat(x, file = paste0("a", y, ".txt"))', 'paste0("a", y, ".txt")'),
        (".R", 'qs::qsave(x, "a.qs")', '"a.qs"'),
        (".R", 'terra::writeRaster(r, "r.tif")', '"r.tif"'),
        (".R", 'download.file(u, "z.zip")', '"z.zip"'),
        (".R", 'file.copy(u, to = "z.zip")', '"z.zip"'),
        (".R", 'writeLines(x, paste0("a", y, ".txt"))', 'paste0("a", y, ".txt")'),
        (".py", 'x.to_csv(f"a_{y}.csv")', 'f"a_{y}.csv"'),
        (".py", 'x.to_csv("a_%s.csv" % y)', '"a_%s.csv" % y'),
        (".py", 'x.to_csv("a_{}.csv".format(y))', '"a_{}.csv".format(y)'),
        (".py", 'x.to_csv("a" + y + ".csv")', '"a" + y + ".csv"'),
        (".py", 'x.to_csv(os.path.join("a", "b.csv"))', 'os.path.join("a", "b.csv")'),
        (".py", 'x.to_csv(Path("a") / f"{y}.csv")', 'Path("a") / f"{y}.csv"'),
        (".py", 'Path("a.txt").write_text(x)', 'Path("a.txt")'),
        (".py", 'joblib.dump(x, "a.pkl")', '"a.pkl"'),
        (".py", 'np.save("a.npy", x)', '"a.npy"'),
        (".py", 'pd.ExcelWriter("a.xlsx")', '"a.xlsx"'),
        (".py", 'open(f"a{y}.txt", "w")', 'f"a{y}.txt"'),
        (".R", 'ggsave("a.png", path = "maps")', '"maps"'),
        (".R", 'withr::with_dir("out", write.csv(x, "a.csv"))', '"a.csv"'),
        (".R", 'old <- setwd(tempdir()); setwd(old); pdf("a.pdf")', '"a.pdf"'),
    ],
)
def test_a_relative_write_is_advice(suffix, call, written, examined):
    (found,) = examined(suffix, f"{HEAD[suffix]}{call}\n").findings
    assert (found.rule, found.reason) == ("relative-write", "place_unknown")
    assert found.replacement == f"workspace_path({written})"


@pytest.mark.parametrize(
    ("suffix", "call"),
    [
        (".R", 'write.csv(x, paste0(folder, "/a.csv"))'),
        (".R", 'write.csv(x, file.path(folder, "a.csv"))'),
        (".R", 'write.csv(x, glue("{folder}/a.csv"))'),
        (".R", 'write.csv(x, file.path("/data", y, "a.csv"))'),
        (".R", 'writeLines(sprintf("%s.csv", x))'),
        (".R", 'writeLines("see a.csv")'),
        (".R", "write.csv(x, path)"),
        (".R", 'ggsave("a.png", x, path = folder)'),
        (".R", 'out <- "/data"\nggsave("a.png", x, path = out)'),
        (".R", 'setwd(tempdir())\nwrite.csv(x, "a.csv")'),
        (".R", 'withr::with_dir(folder, write.csv(x, "a.csv"))'),
        (".R", 'withr::with_tempdir(write.csv(x, "a.csv"))'),
        (".py", 'os.chdir(tempfile.mkdtemp())\nx.to_csv("a.csv")'),
        (".R", 'cat("Written: a.csv")'),
        (".py", 'x.to_csv(f"{folder}/a.csv")'),
        (".py", 'x.to_csv(folder / "a.csv")'),
        (".py", 'x.to_csv("s3://bucket/%s.csv" % y)'),
        (".py", 'open(f"a{y}.txt")'),
        (".py", "x.to_csv()"),
    ],
)
def test_what_may_be_elsewhere_is_left_alone(suffix, call, examined):
    assert examined(suffix, f"{HEAD[suffix]}{call}\n").findings == []
