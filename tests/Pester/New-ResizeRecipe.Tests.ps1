# Recipes: what to keep, as text or from parameters.
BeforeAll {
    . (Join-Path $PSScriptRoot 'Support.ps1')
    Import-Module (Join-Path $PSScriptRoot '../../out/ResizeLora/ResizeLora.psd1')

    function Test-Near($Value, $Expected) { [Math]::Abs($Value - $Expected) -lt 1e-12 }
}

Describe 'New-ResizeRecipe from text' {
    It 'reads scores with their weights and a threshold' {
        $recipe = New-ResizeRecipe 'spn_ckpt=0.7,params=0.3,thr=-1.3'
        $recipe.GetType().FullName | Should -Be 'ResizeLora.Recipes.ResizeRecipe'
        $recipe.Weights['spn_ckpt'] | Should -Be 0.7
        $recipe.Weights['params'] | Should -Be 0.3
        $recipe.Threshold | Should -Be -1.3
        $recipe.SizeMiB | Should -BeNullOrEmpty
        $recipe.Rescale | Should -Be 1
    }

    It 'reads a size in MiB instead of a threshold' {
        $recipe = New-ResizeRecipe 'spn_lora=1,size=32'
        $recipe.SizeMiB | Should -Be 32
        $recipe.SizeInBytes | Should -Be 32MB
        $recipe.Threshold | Should -BeNullOrEmpty
    }

    It 'reads a rescale' {
        (New-ResizeRecipe 'spn_ckpt,rescale=0.5,thr=-1.2').Rescale | Should -Be 0.5
    }

    It 'knows the score <_>' -ForEach 'spn_ckpt', 'spn_lora', 'fro_ckpt', 'fro_lora', 'subspace', 'params' {
        "$(New-ResizeRecipe "$_=1,thr=-1")" | Should -Be "$_=1,thr=-1"
    }

    It 'gives a score without a weight the weight 1' {
        "$(New-ResizeRecipe 'spn_lora,thr=-1')" | Should -Be 'spn_lora=1,thr=-1'
    }

    It 'brings the weights to the sum 1' {
        $recipe = New-ResizeRecipe 'fro_ckpt=3,spn_lora,thr=-1.4'
        $recipe.Weights['fro_ckpt'] | Should -Be 0.75
        $recipe.Weights['spn_lora'] | Should -Be 0.25
    }

    It 'does not mind case and blanks' {
        "$(New-ResizeRecipe ' SPN_CKPT = 1 , Thr = -1.2 ')" | Should -Be 'spn_ckpt=1,thr=-1.2'
    }

    It 'takes several recipes separated by colons' {
        $recipes = New-ResizeRecipe 'spn_lora,thr=-1:params,size=8'
        $recipes | Should -HaveCount 2
        "$($recipes[1])" | Should -Be 'params=1,size=8'
    }

    It 'takes several recipes as an array, or from the pipeline' {
        New-ResizeRecipe 'spn_lora,thr=-1', 'params,size=8' | Should -HaveCount 2
        'spn_lora,thr=-1', 'params,size=8' | New-ResizeRecipe | Should -HaveCount 2
    }

    It 'gives back as text what makes an equal recipe: <_>' -ForEach @(
        'spn_ckpt=1,thr=-1.2'
        'spn_ckpt=0.7,params=0.1,size=32'
        'subspace=1,fro_lora=2,spn_lora=4,rescale=0.25,thr=0.1'
        'params,thr=1e-7'
        'spn_lora,thr=-inf'
        'retain=0.98,keep=0.25,sv_knee'
        'fro_ckpt,loss=0.05,size=8,rank=4'
    ) {
        $recipe = New-ResizeRecipe $_
        New-ResizeRecipe "$recipe" | Should -Be $recipe
    }

    It 'says whether a checkpoint is needed: <text>, <needed>' -ForEach @(
        @{ text = 'spn_ckpt,thr=-1'; needed = $true }
        @{ text = 'fro_ckpt,params,thr=-1'; needed = $true }
        @{ text = 'subspace,thr=-1'; needed = $true }
        @{ text = 'spn_lora,fro_lora,params,thr=-1'; needed = $false }
        @{ text = 'spn_ckpt=0,spn_lora=1,thr=-1'; needed = $false }
    ) {
        (New-ResizeRecipe $text).NeedsCheckpoint | Should -Be $needed
    }

    It 'reads and writes numbers with a point, whatever the culture' {
        Use-Culture (Get-CommaCulture) {
            $recipe = New-ResizeRecipe 'spn_ckpt=0.5,params=1.5,thr=-1.2'
            $recipe.Threshold | Should -Be -1.2
            $recipe.ToString() | Should -Be 'spn_ckpt=0.25,params=0.75,thr=-1.2'
        }
    }

    It 'gives an object that goes into JSON' {
        $json = New-ResizeRecipe 'spn_ckpt=1,thr=-1.2' | ConvertTo-Json -ErrorAction Stop
        [System.Text.Json.JsonDocument]::Parse($json).RootElement.GetProperty('Threshold').GetDouble() | Should -Be -1.2
    }

    It 'shows a table' {
        New-ResizeRecipe 'spn_ckpt=1,thr=-1.2' | Format-Table | Out-String |
            Should -Match ' -1\.2 +1 +needed +spn_ckpt=1,thr=-1\.2'
    }
}

Describe 'New-ResizeRecipe from parameters' {
    It 'takes weights and a size' {
        $recipe = New-ResizeRecipe -SpnCkpt 1 -Params 0.1 -Size 32
        Test-Near $recipe.Weights['spn_ckpt'] (1 / 1.1) | Should -BeTrue
        Test-Near $recipe.Weights['params'] (0.1 / 1.1) | Should -BeTrue
        $recipe | Should -Be (New-ResizeRecipe 'spn_ckpt=1,params=0.1,size=32')
    }

    It 'takes a threshold and a rescale' {
        New-ResizeRecipe -SpnLora 1 -Threshold -0.7 -Rescale 0.5 | Should -Be (New-ResizeRecipe 'spn_lora=1,rescale=0.5,thr=-0.7')
    }

    It 'has a parameter for the score <key>: -<parameter>' -ForEach @(
        @{ key = 'spn_ckpt'; parameter = 'SpnCkpt' }
        @{ key = 'spn_lora'; parameter = 'SpnLora' }
        @{ key = 'fro_ckpt'; parameter = 'FroCkpt' }
        @{ key = 'fro_lora'; parameter = 'FroLora' }
        @{ key = 'subspace'; parameter = 'Subspace' }
        @{ key = 'params'; parameter = 'Params' }
    ) {
        $given = @{ $parameter = 2; Threshold = -1 }
        New-ResizeRecipe @given | Should -Be (New-ResizeRecipe "$key=1,thr=-1")
    }

    It 'knows the short names that recipes use' {
        (New-ResizeRecipe -SpnLora 1 -Thr -1).Threshold | Should -Be -1
        (New-ResizeRecipe -SpnLora 1 -SizeMiB 8).SizeMiB | Should -Be 8
    }

    It 'takes limits of the ranks, which need no score: <text>' -ForEach @(
        @{ given = @{ Rank = 8 }; text = 'rank=8' }
        @{ given = @{ Rank = 8; ConvRank = 4 }; text = 'rank=8,conv_rank=4' }
        @{ given = @{ SvRatio = 5; Rank = 8; Rescale = 2 }; text = 'rescale=2,sv_ratio=5,rank=8' }
        @{ given = @{ SvFro = 0.9 }; text = 'sv_fro=0.9' }
        @{ given = @{ SvCumulative = 0.75; ConvRank = 4 }; text = 'sv_cumulative=0.75,conv_rank=4' }
        @{ given = @{ SvFro = 0.9; SvCount = 'Old'; Rank = 8 }; text = 'sv_fro=0.9,sv_count=old,rank=8' }
        @{ given = @{ SvFro = 0.9; SvCount = 'New' }; text = 'sv_fro=0.9' }
        @{ given = @{ SpnCkpt = 1; Threshold = -1.2; SvRatio = 5 }; text = 'spn_ckpt=1,thr=-1.2,sv_ratio=5' }
        @{ given = @{ SpnLora = 1; Size = 8; Rank = 16; ConvRank = 8 }; text = 'spn_lora=1,size=8,rank=16,conv_rank=8' }
        @{ given = @{ SvKnee = $true }; text = 'sv_knee' }
        @{ given = @{ SvKnee = $true; Rank = 8; SpnCkpt = 1; Threshold = -1 }; text = 'spn_ckpt=1,thr=-1,sv_knee,rank=8' }
    ) {
        $recipe = New-ResizeRecipe @given
        "$recipe" | Should -Be $text
        $recipe | Should -Be (New-ResizeRecipe $text)
    }

    It 'gives the limits as properties' {
        $recipe = New-ResizeRecipe 'sv_ratio=5,rank=8,conv_rank=4'
        $recipe.SvRatio, $recipe.Rank, $recipe.ConvRank | Should -Be @(5, 8, 4)
        $recipe.SvCount | Should -Be 'New'
        (New-ResizeRecipe 'sv_ratio=5,sv_count=old').SvCount | Should -Be 'Old'
        (New-ResizeRecipe 'rank=8').SvCount | Should -BeNullOrEmpty
        foreach ($absent in 'Threshold', 'SizeMiB', 'SvFro', 'SvCumulative') { $recipe.$absent | Should -BeNullOrEmpty }
        $recipe.NeedsCheckpoint | Should -BeFalse
    }

    It 'takes a quality or a size, which need no score: <text>' -ForEach @(
        @{ given = @{ Size = 8 }; text = 'size=8' }
        @{ given = @{ Keep = 0.25 }; text = 'keep=0.25' }
        @{ given = @{ Size = 8; Keep = 0.25; SpnLora = 1 }; text = 'spn_lora=1,size=8,keep=0.25' }
        @{ given = @{ Retain = 0.98 }; text = 'retain=0.98' }
        @{ given = @{ Retain = 0.98; Size = 8; Keep = 0.25; Rank = 4 }; text = 'retain=0.98,size=8,keep=0.25,rank=4' }
        @{ given = @{ Retain = 0.98; SpnCkpt = 1; SvKnee = $true }; text = 'spn_ckpt=1,retain=0.98,sv_knee' }
        @{ given = @{ Loss = 0.05 }; text = 'loss=0.05' }
        @{ given = @{ Loss = 0.05; FroCkpt = 1; Keep = 0.5; Rescale = 2 }; text = 'fro_ckpt=1,rescale=2,loss=0.05,keep=0.5' }
    ) {
        $recipe = New-ResizeRecipe @given
        "$recipe" | Should -Be $text
        $recipe | Should -Be (New-ResizeRecipe $text)
    }

    It 'gives the cut as properties' {
        $recipe = New-ResizeRecipe 'retain=0.9,size=8,keep=0.5,sv_knee'
        $recipe.Retain, $recipe.SizeMiB, $recipe.Keep, $recipe.SvKnee | Should -Be @(0.9, 8, 0.5, $true)
        foreach ($absent in 'Threshold', 'Loss', 'SvCount') { $recipe.$absent | Should -BeNullOrEmpty }
        (New-ResizeRecipe 'loss=0.1').Loss | Should -Be 0.1
        (New-ResizeRecipe 'loss=0.1').NeedsCheckpoint | Should -BeTrue
        $recipe.NeedsCheckpoint | Should -BeFalse
    }

    It 'takes of what excludes each other one: <names>' -ForEach @(
        @{ given = @{ SpnLora = 1; Threshold = -1; Size = 8 }; names = 'a threshold and a size' }
        @{ given = @{ SpnLora = 1; Threshold = -1; Keep = 0.5 }; names = 'a threshold and a share' }
        @{ given = @{ SpnLora = 1; Threshold = -1; Retain = 0.9 }; names = 'a threshold and a quality' }
        @{ given = @{ SpnLora = 1; Threshold = -1; Loss = 0.1 }; names = 'a threshold and a loss' }
        @{ given = @{ Retain = 0.9; Loss = 0.1 }; names = 'two qualities' }
        @{ given = @{ Recipe = 'rank=4'; Retain = 0.9 }; names = 'a text and a quality' }
    ) {
        { New-ResizeRecipe @given } | Should -Throw -ErrorId 'AmbiguousParameterSet*'
    }

    It 'refuses <name> and says why' -ForEach @(
        @{ name = 'no score'; given = @{ Threshold = -1 }; message = '*at least one score is needed (spn_ckpt, spn_lora, *' }
        @{ name = 'weights that are all zero'; given = @{ SpnLora = 0; Threshold = -1 }; message = '*must sum to more than zero*' }
        @{ name = 'a weight that is no number'; given = @{ SpnLora = [double]::NaN; Threshold = -1 }; message = '*not a finite number*' }
        @{ name = 'a threshold that is no number'; given = @{ SpnLora = 1; Threshold = [double]::NaN }; message = "*'thr=' is not a number*" }
        @{ name = 'a size of zero'; given = @{ SpnLora = 1; Size = 0 }; message = "*'size=' must be a number of MiB above zero*" }
        @{ name = 'nothing at all'; given = @{}; message = '*at least one score is needed*only retain, loss, size, keep, sv_ratio, sv_fro, sv_cumulative, sv_knee, rank and conv_rank do without*' }
        @{ name = 'a score without a cut'; given = @{ SpnLora = 1; Rank = 4 }; message = "*weighs scores but does not say where to cut them*'thr=', 'retain=', 'loss=', 'size=' or 'keep='*" }
        @{ name = 'a share in percent to retain'; given = @{ Retain = 98 }; message = "*'retain=' is a share*" }
        @{ name = 'a loss of nothing'; given = @{ Loss = 0 }; message = "*'loss=' must be a number above zero*" }
        @{ name = 'no share of the input'; given = @{ Keep = 0 }; message = "*'keep=' must be a number above zero*" }
        @{ name = 'the knee beside another method'; given = @{ SvKnee = $true; SvFro = 0.9 }; message = "*'sv_fro=' and 'sv_knee' exclude each other*" }
        @{ name = 'a count of the knee'; given = @{ SvKnee = $true; SvCount = 'Old' }; message = "*'sv_count='*needs one of them*" }
        @{ name = 'two of kohya''s methods'; given = @{ SvRatio = 5; SvFro = 0.9 }; message = "*'sv_ratio=' and 'sv_fro=' exclude each other*" }
        @{ name = 'a ratio below one'; given = @{ SvRatio = 0.2 }; message = "*'sv_ratio='*at least 1*" }
        @{ name = 'a share in percent'; given = @{ SvFro = 90 }; message = "*'sv_fro=' is a share*" }
        @{ name = 'a count without a method'; given = @{ Rank = 4; SvCount = 'Old' }; message = "*'sv_count='*needs one of them*" }
        @{ name = 'a rank of zero'; given = @{ Rank = 0 }; message = "*'rank=' must be a whole number of at least 1*" }
        @{ name = 'a rescale of zero'; given = @{ SpnLora = 1; Threshold = -1; Rescale = 0 }; message = "*'rescale=' must be a number above zero*" }
    ) {
        { New-ResizeRecipe @given } | Should -Throw $message -ErrorId 'RecipeInvalid,ResizeLora.PowerShell.Commands.NewResizeRecipeCommand'
    }
}

Describe 'New-ResizeRecipe on what is no recipe' {
    It 'names the nearest key: <typed>, <meant>' -ForEach @(
        @{ typed = 'spn_ckp'; meant = 'spn_ckpt' }
        @{ typed = 'spnlora'; meant = 'spn_lora' }
        @{ typed = 'fro_cpkt'; meant = 'fro_ckpt' }
        @{ typed = 'parms'; meant = 'params' }
        @{ typed = 'subpsace'; meant = 'subspace' }
        @{ typed = 'scale'; meant = 'rescale' }
        @{ typed = 'threshold'; meant = 'thr' }
        @{ typed = 'spn'; meant = 'spn_ckpt' }
    ) {
        { New-ResizeRecipe "$typed=1,thr=-1" } | Should -Throw "*'$typed=1,thr=-1'*there is no key '$typed'; the nearest is '$meant'*"
    }

    It 'says what is wrong with ''<text>''' -ForEach @(
        @{ text = 'spn_lora=1'; message = "*needs 'thr=', 'retain=', 'loss=', 'size=' or 'keep='*" }
        @{ text = 'spn_lora=1,thr=-1,size=8'; message = "*'thr=' and 'size=' exclude each other*" }
        @{ text = 'thr=-1'; message = '*at least one score is needed*' }
        @{ text = 'spn_lora=0,thr=-1'; message = '*must sum to more than zero*' }
        @{ text = 'spn_lora=much,thr=-1'; message = "*the value 'much' of 'spn_lora' is not a number*" }
        @{ text = 'spn_lora=1,thr='; message = "*the key 'thr' needs a value*" }
        @{ text = 'spn_lora=1,spn_lora=2,thr=-1'; message = "*the key 'spn_lora' is given twice*" }
        @{ text = 'spn_lora=1,,thr=-1'; message = '*a key is missing*' }
        @{ text = 'spn_lora=1,thr=-1:'; message = '*a key is missing*' }
        @{ text = 'sv_ratio=5,sv_count=3'; message = "*'sv_count=' is 'new' (*2194) or 'old' (*), not '3'*" }
        @{ text = 'spn_lora=1,size=-3'; message = "*'size=' must be a number of MiB above zero*" }
        @{ text = 'spn_lora=1,rescale=0,thr=-1'; message = "*'rescale=' must be a number above zero*" }
    ) {
        { New-ResizeRecipe $text } | Should -Throw $message
    }

    It 'says what a recipe looks like when it is given something else' {
        { New-ResizeRecipe 12 } | Should -Throw "*'spn_ckpt=1,thr=-1.2'*"
    }
}
