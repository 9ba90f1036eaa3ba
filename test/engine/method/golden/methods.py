"""Golden values and gradients of the terms of the methods of distillation, from PyTorch in float64, written from their formulas.

python3 methods.py writes methods.json.
"""

import json
import os

import torch
import torch.nn.functional as F

here = os.path.dirname(os.path.abspath(__file__))
torch.manual_seed(0)
terms = {}


def draw(*shape):
    return torch.randint(-200, 200, shape).double() / 100


def rounded(tensor):
    return [float(f"{x:.6g}") for x in tensor.flatten().tolist()]


def stored(tensors):
    return [{"name": name, "shape": list(x.shape), "data": rounded(x)} for name, x in tensors.items()]


def record(title, function, constants=None, **inputs):
    values = {name: x.clone().requires_grad_(True) for name, x in inputs.items()}
    loss = function(**values, **(constants or {}))
    gradients = torch.autograd.grad(loss, list(values.values()))
    terms[title] = {
        "inputs": stored(inputs),
        **({"constants": stored(constants)} if constants else {}),
        "value": loss.item(),
        "gradients": [rounded(g) for g in gradients],
    }


def softened(temperature):
    """Hinton et al.: T^2 KL(teacher || student) of softened classes, mean over pixels."""

    def loss(teacher, student):
        t = F.log_softmax(teacher / temperature, 1)
        s = F.log_softmax(student / temperature, 1)
        pixels = teacher.numel() / teacher.shape[1]
        return temperature**2 * F.kl_div(s, t, log_target=True, reduction="sum") / pixels

    return loss


def channels(temperature):
    """Shu et al., equation 4: T^2 KL over the pixels of each channel, mean over images and channels."""

    def loss(teacher, student):
        n, c = teacher.shape[:2]
        t = F.log_softmax(teacher.reshape(n * c, -1) / temperature, 1)
        s = F.log_softmax(student.reshape(n * c, -1) / temperature, 1)
        return temperature**2 * F.kl_div(s, t, log_target=True, reduction="batchmean")

    return loss


shape = (2, 3, 2, 3)
for temperature in (1, 4):
    record(f"kd {temperature}", softened(temperature), teacher=draw(*shape), student=draw(*shape))
    record(f"cwd {temperature}", channels(temperature), teacher=draw(*shape), student=draw(*shape))



def distinct(*shape):
    """No two equal, so that a maximum is one of them."""
    count = int(torch.tensor(shape).prod())
    return ((torch.randperm(400)[:count].double() - 200) / 100).reshape(shape)


def one_hot(classes):
    return F.one_hot(classes, 3).permute(0, 3, 1, 2).double()


# --- attention transfer -------------------------------------------------------------------------------------------
def attention(x, exponent):
    return F.normalize(x.pow(exponent).mean(1).flatten(1))


def attention_transfer(teacher, student):
    """Zagoruyko and Komodakis, equation 2 with p = 2, as a mean over images and pixels."""
    return F.mse_loss(attention(student, 2), attention(teacher, 2))


record("at", attention_transfer, teacher=draw(2, 4, 3, 3), student=draw(2, 2, 3, 3))


# --- decoupled knowledge distillation -----------------------------------------------------------------------------
def decoupled(part, temperature):
    """Zhao et al., equations 6 and 7: over pixels as rows, those of the true class taken out of the others one by one."""

    def loss(teacher, student, labels):
        rows = lambda x: x.permute(0, 2, 3, 1).reshape(-1, x.shape[1])
        true = rows(labels).argmax(1)
        others = torch.stack([torch.tensor([c for c in range(labels.shape[1]) if c != t]) for t in true.tolist()])
        t, s = rows(teacher) / temperature, rows(student) / temperature
        if part == "target":
            p, q = t.softmax(1), s.softmax(1)
            binary = lambda x: torch.stack([x.gather(1, true[:, None])[:, 0], x.gather(1, others).sum(1)], 1)
            divergence = F.kl_div(binary(q).log(), binary(p), reduction="batchmean")
        else:
            divergence = F.kl_div(s.gather(1, others).log_softmax(1), t.gather(1, others).softmax(1), reduction="batchmean")
        return temperature**2 * divergence

    return loss


classes = one_hot(torch.tensor([[[0, 1, 2], [2, 0, 0]], [[1, 1, 1], [0, 2, 0]]]))
for temperature in (1, 4):
    for part in ("target", "nonTarget"):
        record(f"dkd {part} {temperature}", decoupled(part, temperature), {"labels": classes}, teacher=draw(*shape), student=draw(*shape))


# --- DIST ---------------------------------------------------------------------------------------------------------
def correlation(over):
    """Huang et al., equations 7 to 9: Pearson's correlation by corrcoef, row by row."""

    def loss(teacher, student):
        rows = lambda x: x.softmax(1).permute(0, 2, 3, 1).reshape(-1, x.shape[1])
        t, s = rows(teacher), rows(student)
        if over == "pixels":
            t, s = t.T, s.T
        return 1 - torch.stack([torch.corrcoef(torch.stack([a, b]))[0, 1] for a, b in zip(t, s)]).mean()

    return loss


record("dist inter", correlation("classes"), teacher=draw(*shape), student=draw(*shape))
record("dist intra", correlation("pixels"), teacher=draw(*shape), student=draw(*shape))


# --- structured knowledge distillation ----------------------------------------------------------------------------
def affinity(x):
    z = F.normalize(x.flatten(2), dim=1)
    return torch.einsum("ncp,ncq->npq", z, z)


def pairs(teacher, student):
    """Liu et al., equation 3, of nodes that are pixels."""
    return F.mse_loss(affinity(student), affinity(teacher))


record("skd pairs", pairs, teacher=draw(2, 4, 3, 2), student=draw(2, 3, 3, 2))


# --- intra-class feature variation --------------------------------------------------------------------------------
def variation(teacher, student, labels):
    """Wang et al., equations 2 to 4; labels on the features' grid are the nearest ones."""
    near = F.interpolate(labels, teacher.shape[2:], mode="nearest").argmax(1)

    def similarity(x):
        maps = []
        for image, classes in zip(x, near):
            prototypes = torch.zeros_like(image)
            for c in classes.unique():
                prototypes = prototypes + (classes == c) * image[:, classes == c].mean(1)[:, None, None]
            maps.append(F.cosine_similarity(image, prototypes, dim=0))
        return torch.stack(maps)

    return F.mse_loss(similarity(student), similarity(teacher))


fine = torch.tensor([[0, 1, 0, 2, 2, 1], [1, 1, 2, 0, 1, 0], [0, 2, 1, 1, 2, 2], [2, 0, 0, 2, 1, 0]])
fine = one_hot(torch.stack([fine, fine.clamp(max=1)]))
record("ifvd", variation, {"labels": fine}, teacher=draw(2, 4, 2, 3), student=draw(2, 3, 2, 3))


# --- flow of the solution procedure -------------------------------------------------------------------------------
def flow(teacherFine, teacherCoarse, studentFine, studentCoarse):
    """Yim et al., equation 1, the finer features pooled to their maxima; the mean of squares."""

    def gram(a, b):
        return torch.einsum("nahw,nbhw->nab", F.max_pool2d(a, 2), b) / b[0, 0].numel()

    return F.mse_loss(gram(studentFine, studentCoarse), gram(teacherFine, teacherCoarse))


grids = {
    "teacherFine": distinct(2, 3, 4, 6),
    "teacherCoarse": draw(2, 4, 2, 3),
    "studentFine": distinct(2, 3, 4, 6),
    "studentCoarse": draw(2, 4, 2, 3),
}
record("fsp", flow, **grids)


# --- masked generative distillation -------------------------------------------------------------------------------
def generation(teacher, student, weight0, bias0, weight1, bias1, random):
    """Yang et al. (MGD), equations 2 to 4, three of four pixels hidden; the mean of squares."""
    x = torch.where(random > 1 - 0.75, 0.0, student)
    x = F.conv2d(F.relu(F.conv2d(x, weight0, bias0, padding=1)), weight1, bias1, padding=1)
    return F.mse_loss(x, teacher)


record(
    "mgd",
    generation,
    {"random": (torch.randperm(24).double().reshape(2, 1, 3, 4) + 0.3) / 24},
    teacher=draw(2, 3, 3, 4),
    student=draw(2, 3, 3, 4),
    weight0=draw(3, 3, 3, 3) / 4,
    bias0=torch.tensor([1.7, -1.3, 0.9]).double(),
    weight1=draw(3, 3, 3, 3) / 4,
    bias1=draw(3) / 4,
)


# --- EMKD ---------------------------------------------------------------------------------------------------------
def importance(teacher, student):
    """Qin et al.: the squared distance of attention maps of the fourth power, mean over images."""
    return (attention(student, 4) - attention(teacher, 4)).pow(2).sum(1).mean()


def regions(teacher, student, labels):
    """Qin et al.: the squared difference of the cosine of two regions' mean features, mean over images and pairs of classes."""

    def contrasts(x):
        means = lambda c: (x * labels[:, c : c + 1]).sum((2, 3)) / labels[:, c].sum((1, 2)).clamp(min=1)[:, None]
        return torch.stack([F.cosine_similarity(means(a), means(b)) for a, b in ((0, 1), (0, 2), (1, 2))])

    return F.mse_loss(contrasts(student), contrasts(teacher))


record("emkd importance", importance, teacher=draw(2, 4, 3, 3), student=draw(2, 2, 3, 3))
without = one_hot(torch.tensor([[[0, 1, 2], [2, 0, 0]], [[1, 1, 1], [0, 1, 0]]]))
record("emkd regions", regions, {"labels": without}, teacher=draw(2, 4, 2, 3), student=draw(2, 3, 2, 3))


# --- CIRKD --------------------------------------------------------------------------------------------------------
def relations(teacher, student):
    """Yang et al. (CIRKD), equations 4 to 6: over every two images of the batch."""
    z = lambda x: F.normalize(x.flatten(2), dim=1).transpose(1, 2)
    t, s, losses = z(teacher), z(student), []
    for i in range(len(t)):
        for j in range(len(t)):
            edges = lambda x: x[i] @ x[j].T / 0.1
            losses.append(F.kl_div(edges(s).log_softmax(1), edges(t).softmax(1), reduction="batchmean"))
    return sum(losses) / len(losses)


def remembered(teacher, student, labels, memory):
    """Yang et al. (CIRKD), equations 11 to 13, to the regions that are there after those of the batch were remembered."""
    regions = [list(rows) for rows in memory]
    for image, classes in zip(F.normalize(teacher, dim=1), labels.argmax(1)):
        for c in classes.unique().tolist():
            mean = F.normalize(image[:, classes == c].mean(1), dim=0)
            regions[c] = [mean, *regions[c][:-1]]
    keys = F.normalize(torch.stack([row for rows in regions for row in rows]), dim=1)
    edges = lambda x: F.normalize(x, dim=1).permute(0, 2, 3, 1).reshape(-1, x.shape[1]) @ keys.T / 0.1
    return F.kl_div(edges(student).log_softmax(1), edges(teacher).softmax(1), reduction="batchmean")


t, s = 2 + draw(2, 4, 2, 3) / 4, 2 + draw(2, 3, 2, 3) / 4
record("cirkd pixels", relations, teacher=t, student=s)
record(
    "cirkd regions",
    remembered,
    {"labels": without, "memory": draw(3, 4, 3)},
    teacher=draw(2, 3, 2, 3),
    student=draw(2, 3, 2, 3),
)


# --- cross-layer correlation, graph flow --------------------------------------------------------------------------
def correlations(teacherFine, teacherCoarse, studentFine, studentCoarse):
    """Our form of the correlation between two levels' spatial similarities."""

    def correlated(a, b):
        return affinity(F.max_pool2d(a, 2)) @ affinity(b) / b[0, 0].numel()

    return F.mse_loss(correlated(studentFine, studentCoarse), correlated(teacherFine, teacherCoarse))


def vertices(teacher, student):
    """Our form of the vertices: salience of channels, at length 1."""
    return (F.normalize(student.flatten(2), dim=2) - F.normalize(teacher.flatten(2), dim=2)).pow(2).sum(2).mean()


def edges(teacherFine, teacherCoarse, studentFine, studentCoarse):
    """Our form of the edges: cosines of salience between two levels."""

    def cosines(a, b):
        salience = lambda x: F.normalize(x.flatten(2), dim=2)
        return torch.einsum("nap,nbp->nab", salience(F.max_pool2d(a, 2)), salience(b))

    return F.mse_loss(cosines(studentFine, studentCoarse), cosines(teacherFine, teacherCoarse))


record("coco", correlations, **{**grids, "studentFine": distinct(2, 2, 4, 6), "studentCoarse": draw(2, 3, 2, 3)})
record("graph-flow vertices", vertices, teacher=draw(2, 3, 2, 3), student=draw(2, 3, 2, 3))
record("graph-flow edges", edges, **grids)

with open(os.path.join(here, "methods.json"), "w") as file:
    json.dump(terms, file, indent=1)
    file.write("\n")
