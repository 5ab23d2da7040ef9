# %% [markdown]
# # Churn, from data to a released model
# Opens in any tool that knows cells in a Python file (VS Code, PyCharm, Jupyter with jupytext), in the
# folder where `make demo` ran. `python experiments/notebook.py` runs it from top to bottom.

# %%
import mlflow
import numpy as np
import shap
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, QuantileTransformer

import memberlens
from models.estimator import MemberClassifier
from training.registry.tracking import store_uri

brand = memberlens.open()
X, y, about = brand.dataset("churn")
about.groupby("split", observed=True)["as_of"].agg(["min", "max", "size"])

# %% [markdown]
# ## What may be learnt from what
# A row's outcome is known from its `window_end` on. Whatever learns may only see rows whose window had
# closed before the first row that it is judged on. The test stays shut while anything is chosen.

# %%
later = about["split"] == "valid"
past = (about["split"] == "train") & (about["window_end"] <= about.loc[later, "as_of"].min())
rng = np.random.default_rng(0)
learn = rng.choice(np.flatnonzero(past), min(20_000, past.sum()), replace=False)
learn.sort()  # in order of time: the calibration is learnt from later rows than the trees
print(f"learn from {len(learn):,} of {past.sum():,} rows, judge on {later.sum():,}")

# %% [markdown]
# ## Two recipes, one of them with nothing of ours in it

# %%
logistic = make_pipeline(
    make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), make_column_selector(dtype_include="category")),
        (
            make_pipeline(SimpleImputer(strategy="median", add_indicator=True), QuantileTransformer()),
            make_column_selector(dtype_include="number"),
        ),
    ),
    LogisticRegression(C=0.1, max_iter=500),
)
recipes = {"logistic regression": logistic, "boosting": MemberClassifier(rounds=120, max_depth=4)}
for recipe in recipes.values():
    recipe.fit(X.iloc[learn], y.iloc[learn])


# %%
def interval(score: np.ndarray, label: np.ndarray, subject: np.ndarray, draws: int = 100) -> str:
    """Return the AUC with a 95 % interval: members are drawn, not rows, since a member's rows are alike."""
    members, of = np.unique(subject, return_inverse=True)
    drawn = []
    for _ in range(draws):
        weights = np.bincount(rng.integers(len(members), size=len(members)), minlength=len(members))[of]
        drawn.append(roc_auc_score(label, score, sample_weight=weights))
    low, high = np.quantile(drawn, [0.025, 0.975])
    return f"{roc_auc_score(label, score):.3f} [{low:.3f} – {high:.3f}]"


truth, members = y[later].to_numpy(), about.loc[later, "subject"].to_numpy()
scores = {name: recipe.predict_proba(X[later])[:, 1] for name, recipe in recipes.items()}
for name, score in scores.items():
    precision = average_precision_score(truth, score)
    print(f"{name:20} AUC {interval(score, truth, members)}, average precision {precision:.3f}")

# %% [markdown]
# ## The champion: the same class, fitted by the pipeline, released by its gates
# It learnt from the rows above too, so nothing is measured here; its figures are in its report.

# %%
champion = brand.champion("churn")
some = X[about["split"] == "test"].tail(500)
told = champion.explain(some)
shap.plots.beeswarm(told, show=False)

# %%
for language in ("en", "zh"):
    for sentences in told[:3].sentences(language):
        print(" | ".join(sentences))

# %% [markdown]
# ## The same model from the registry, and last night's batch
# MLflow's signature has categories as text. What comes out is the probability that the service tells.

# %%
mlflow.set_tracking_uri(store_uri())
registered = mlflow.pyfunc.load_model("models:/churn@champion")
text = dict.fromkeys(some.select_dtypes("category"), "str")
print(np.abs(registered.predict(some.astype(text)) - champion.predict_proba(some)[:, 1]).max())

# %%
batch = brand.scores("churn")
batch["status"].value_counts()

# %%
batch.dropna(subset="probability").nlargest(5, "probability")
