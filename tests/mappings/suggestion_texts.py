"""Made-up controls and requirements for the suggestion tests, in the languages partners write in."""

from __future__ import annotations

from mappings.suggesting import Text

_CONTROLS = {
    "seal": "Seal on every loaded container. A high-security seal is fixed when loading is finished.",
    "seal-log": "Seal register. Seals in stock are counted and each issued number is written down.",
    "inspect": "Inspection before loading. The empty container is inspected at seven points.",
    "training": "Regular security training. Employees are trained in security and made aware of threats.",
    "training-cyber": "Training on computer security. Users learn to recognize phishing messages.",
    "visitors": "Visitor log. Visitors show photo identification and are registered at the entrance.",
    "badges": "Employee identification. Staff wear a badge with photo inside the premises.",
    "background": "Background screening. The past of applicants is checked before they are hired.",
    "leavers": "Leavers. Badges and system access are taken back when employment ends.",
    "password": "Passwords. Passwords of computer systems are changed periodically.",
    "backup": "Backup of data. Copies of business data are kept apart and tested.",
    "cameras": "Cameras. Entrances, yards and loading areas are watched by video surveillance.",
    "fence": "Perimeter fence. The premises are surrounded by a fence or wall.",
    "lighting": "Lighting. Entrances, parking and cargo areas are lit at night.",
    "risk": "Risk assessment. Risks in the supply chain are assessed at least once a year.",
    "partners": "Selection of business partners. Suppliers are screened by a written procedure.",
    "discrepancy": "Shortages and overages. Discrepancies in cargo are investigated and reported to customs.",
    "incident": "Incident reporting. Suspicious events are reported to the authorities without delay.",
    "pests": "Pest prevention. Wood packaging is treated and cargo kept free of pests.",
    "policy": "Statement of support. Senior management signs a policy on security.",
    "keys": "Key control. Locks and keys are issued by name and recovered.",
    "route": "Tracking. The route of the truck is monitored while it is under way.",
}
CONTROLS = tuple(Text(key, text) for key, text in _CONTROLS.items())

FOREIGN = {
    "es": {
        "seal": "Todos los contenedores cargados deben sellarse con precintos de alta seguridad.",
        "training": "La empresa debe impartir capacitación periódica en seguridad a sus empleados.",
        "visitors": "Los visitantes deben identificarse con fotografía y registrarse a la entrada.",
    },
    "pt": {
        "seal": "Todos os contêineres carregados devem ser lacrados com lacres de alta segurança.",
        "training": "A empresa deve oferecer treinamento periódico em segurança aos funcionários.",
        "visitors": "Os visitantes devem apresentar documento com foto e ser registrados na entrada.",
    },
    "fr": {
        "seal": "Tous les conteneurs chargés doivent être munis de scellés de haute sécurité.",
        "training": "L'entreprise doit dispenser une formation régulière à la sûreté à ses employés.",
        "visitors": "Les visiteurs doivent présenter une pièce d'identité et être inscrits au registre.",
    },
    "ja": {
        "seal": "積み込みが完了したコンテナには、高セキュリティシールを取り付けなければならない。",
        "training": "全従業員に対し、定期的にセキュリティに関する教育・研修を実施すること。",
        "visitors": "訪問者は写真付き身分証明書を提示し、入場時に記録簿に記入しなければならない。",
    },
    "ko": {
        "seal": "적재가 완료된 컨테이너에는 고보안 봉인을 부착하여야 한다.",
        "training": "모든 직원에게 정기적으로 보안 교육을 실시하여야 한다.",
        "visitors": "방문자는 사진이 있는 신분증을 제시하고 방문일지에 기록하여야 한다.",
    },
    "zh": {
        "seal": "装载完毕的集装箱必须加施高保安封条。",
        "training": "企业应当定期对全体员工进行安全培训。",
        "visitors": "访客必须出示带照片的身份证件并在入口登记。",
    },
    "ar": {
        "seal": "يجب ختم جميع الحاويات المحملة بأختام عالية الأمان.",
        "training": "يجب على الشركة تدريب جميع الموظفين بصورة دورية على الأمن.",
        "visitors": "يجب على الزوار إبراز بطاقة هوية تحمل صورة وتسجيل أسمائهم عند الدخول.",
    },
}

UNRELATED = (
    "Penguins incubate their eggs on their feet during the Antarctic winter.",
    "The orchestra played the second movement at a slower tempo than usual.",
    "Saturn's rings are made mostly of water ice.",
    "La recette demande du beurre, de la farine et trois oeufs.",
    "彼は毎朝犬と一緒に公園を散歩する。",
    "우리는 주말에 산에 올라가 김밥을 먹었다.",
)
